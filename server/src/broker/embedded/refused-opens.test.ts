import { expect, test } from "bun:test"
import type { ChildEvents } from "../../child/supervised-child.ts"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { Logged } from "../testing/embedded-in.ts"
import { eventually, failureOf, Listening, ruleOf, upTo } from "../testing/support.ts"
import type { LogLink } from "./durable-log.ts"
import { createEmbeddedBroker } from "./embedded.ts"
import { type LogOp, OP } from "./log-wire.ts"

/** A log process on a disk without room for another channel: refuses them, and keeps their handles until told to forget. */
class FullLog implements LogLink {
  readonly failures = 0
  readonly restarts = 0
  readonly handles = new Set<number>()
  opens = 0
  #events: ChildEvents | undefined

  start(events: ChildEvents): void {
    this.#events = events
    events.up(1)
    setImmediate(() => events.frame('{"state":"open"}'))
  }

  send(text: string): void {
    const [, ...ops] = JSON.parse(text) as [number, ...LogOp[]]
    const answers = ops.map((op) => this.#answer(op))
    setImmediate(() => this.#events?.frame(JSON.stringify(answers)))
  }

  #answer(op: LogOp): unknown {
    if (op[0] === OP.forget) {
      this.handles.delete(op[1])
      return 0
    }
    if (op[0] === OP.open) {
      this.opens++
      this.handles.add(op[1])
    }
    return { e: "storage_full", m: "no room" }
  }

  progressed(): void {
    // It never dies.
  }

  kill(): void {
    // It never hangs.
  }

  async stop(): Promise<void> {
    this.#events = undefined
  }
}

test("channels that could not be opened are forgotten by the log process too, however many names are tried", async () => {
  const link = new FullLog()
  const broker = createEmbeddedBroker({
    durability: "commit",
    log: new Logged(),
    link,
    clock: new FakeClock(),
    dataDir: "/nowhere",
  })
  await broker.start(new Listening())
  for (const n of upTo(100))
    expect((await failureOf(broker.publish(`c:${n}`, ruleOf(), { data: "1" }))).code).toBe("storage_full")
  expect(link.opens).toBe(100)
  await eventually("all handles forgotten", () => link.handles.size === 0)
  expect(broker.stats().channels).toBe(0)
  await broker.stop()
})
