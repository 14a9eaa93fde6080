import { expect, test } from "bun:test"
import type { Membership } from "../contract.ts"
import { ChatError } from "../session/errors.ts"
import { Reading } from "./reading.ts"
import { adopt } from "./rooms.ts"

async function until(look: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000
  while (!look()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const room = (id: string) =>
  adopt({ id, channel: `chat:${id}`, kind: "room", seq_head: 9, chg_head: 0, read_seq: 0, unread: 9 } as Membership)

/** A connection whose first answers are these failures; the calls made are kept. */
function line(...failures: ChatError[]) {
  const calls: unknown[] = []
  const call = async (_: string, input: unknown): Promise<never> => {
    calls.push(input)
    const failure = failures.shift()
    if (failure) throw failure
    return { read_seq: 9, unread: 0, seq_head: 9, chg_head: 0 } as never
  }
  return { calls, reading: new Reading({ isUp: () => true, call }) }
}

test("what was read is told again when no answer came", async () => {
  const quiet = room("quiet")
  const { calls, reading } = line(new ChatError(1, "timeout"))
  reading.seen(quiet, 9)
  await until(() => quiet.unread.peek() === 0, "the count to follow")
  expect(calls).toHaveLength(2)
})

test("a refusal is final: it is not asked again until more is read", async () => {
  const [closed, open] = [room("closed"), room("open")]
  const { calls, reading } = line(new ChatError(1001, "you are not in this conversation"))
  reading.seen(closed, 5)
  await until(() => calls.length === 1, "the first call")
  // A later reading goes out alone.
  reading.seen(open, 9)
  await until(() => open.unread.peek() === 0, "the other count")
  expect(calls).toEqual([
    { conversation_id: "closed", seq: 5 },
    { conversation_id: "open", seq: 9 },
  ])
})
