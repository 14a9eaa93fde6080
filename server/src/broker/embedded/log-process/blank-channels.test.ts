import { Database } from "bun:sqlite"
import { afterEach, beforeEach, expect, test } from "bun:test"
import { FakeClock } from "../../../core/testing/fake-clock.ts"
import { Logged, TestFolder } from "../../testing/embedded-in.ts"
import { InlineLink } from "../../testing/inline-link.ts"
import { eventually, Listening, ruleOf, upTo } from "../../testing/support.ts"
import { createEmbeddedBroker } from "../embedded.ts"

const MAX_BLANK = 10
const IN_MEMORY = 20
const rule = ruleOf()
let folder: TestFolder

beforeEach(() => {
  folder = new TestFolder()
})
afterEach(() => folder.remove())

async function start(clock: FakeClock) {
  const link = new InlineLink(folder.path, "commit", () => "answered", MAX_BLANK)
  const broker = createEmbeddedBroker({
    dataDir: folder.path,
    durability: "commit",
    clock,
    log: new Logged(),
    link,
    limits: { channels: IN_MEMORY },
  })
  const listening = new Listening()
  await broker.start(listening)
  const askOf = async (name: string) => (await broker.history(name, rule, { limit: 0 })).top
  return { broker, listening, askOf, tick: () => secondGoesBy(broker, clock) }
}

async function secondGoesBy(broker: ReturnType<typeof createEmbeddedBroker>, clock: FakeClock) {
  const before = broker.stats().log
  clock.advance(1_000)
  await eventually("the answer to a tick", () => broker.stats().log !== before)
}

function storedNames(): string[] {
  const db = new Database(`${folder.path}/log.db`, { readonly: true })
  const rows = db.query("SELECT name FROM channels ORDER BY id").values() as [string][]
  db.close()
  return rows.map(([name]) => name)
}

test("names that somebody only asked about leave a bounded number of rows, and what was published stays", async () => {
  const { broker, listening, askOf, tick } = await start(new FakeClock(1_700_000_000_000))
  const first = await askOf("c:1")
  await broker.publish("spoken", rule, { data: "1" })
  const spoken = await askOf("spoken")
  await broker.publish("removed", rule, { data: "1" })
  await broker.removeHistory("removed", rule)
  const removed = await askOf("removed")
  for (const n of upTo(300)) await askOf(`c:${n}`)
  await eventually("the subscribers of the oldest to be told", async () => {
    await tick()
    return listening.invalidated.includes("c:1")
  })
  expect(listening.invalidated).not.toContain("c:300")
  const again = await askOf("c:1")
  expect(again.epoch).not.toBe(first.epoch)
  // Somebody who was there before it was begun anew is told nothing but where it stands now, so that he starts over.
  await broker.publish("c:1", rule, { data: "1" })
  expect(await broker.history("c:1", rule, { since: first, limit: 10 })).toEqual({
    publications: [],
    top: { ...again, offset: 1 },
  })
  expect([await askOf("spoken"), await askOf("removed")]).toEqual([spoken, removed])
  await broker.stop()
  expect(storedNames().length).toBeLessThanOrEqual(MAX_BLANK + IN_MEMORY + 3)
  expect(storedNames()).toEqual(expect.arrayContaining(["spoken", "removed", "c:1", "c:300"]))
})

test("rows of earlier runs count too", async () => {
  const clock = new FakeClock(1_700_000_000_000)
  const first = await start(clock)
  const top = await first.askOf("c:1")
  for (const n of upTo(15)) await first.askOf(`c:${n}`)
  await first.broker.stop()
  expect(storedNames()).toHaveLength(15)
  const second = await start(clock)
  const kept = await second.askOf("c:15")
  await eventually("the oldest to be removed", async () => {
    await second.tick()
    return second.listening.invalidated.length > 0
  })
  expect(second.listening.invalidated).toEqual(upTo(4).map((n) => `c:${n}`))
  expect((await second.askOf("c:1")).epoch).not.toBe(top.epoch)
  expect(await second.askOf("c:15")).toEqual(kept)
  await second.broker.stop()
})
