import { Database } from "bun:sqlite"
import { afterEach, beforeEach, expect, test } from "bun:test"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { type Running, runEmbedded, secondGoesBy, TestFolder } from "../testing/embedded-in.ts"
import { eventually, failureOf, ruleOf, upTo } from "../testing/support.ts"

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

let folder: TestFolder
beforeEach(() => {
  folder = new TestFolder()
})
afterEach(() => folder.remove())

const publish = ({ broker }: Running, channel: string, count: number, rule = ruleOf(), from = 1) =>
  Promise.all(upTo(count, from).map((n) => broker.publish(channel, rule, { data: `{"n":${n}}` })))

test("a restart keeps epoch, positions, publications and idempotency keys", async () => {
  const rule = ruleOf()
  const first = await runEmbedded(folder.path)
  await publish(first, "a", 30)
  const keyed = await first.broker.publish("a", rule, { data: "31", idempotencyKey: "k" })
  const before = await first.broker.history("a", rule, { limit: -1 })
  const untouched = await first.broker.history("never published", rule, { limit: 0 })
  await first.broker.stop()

  const second = await runEmbedded(folder.path)
  expect(await second.broker.history("a", rule, { limit: -1 })).toEqual(before)
  expect(await second.broker.history("never published", rule, { limit: 0 })).toEqual(untouched)
  expect(await second.broker.publish("a", rule, { data: "31", idempotencyKey: "k" })).toEqual({
    ...keyed,
    duplicate: true,
  })
  expect((await second.broker.publish("a", rule, { data: "32" })).position).toEqual({
    epoch: before.top.epoch,
    offset: 32,
  })
  await second.broker.stop()
})

test("after a restart 10,000 recoveries of one channel are served from memory", async () => {
  const rule = ruleOf({ historySize: 1_000 })
  const first = await runEmbedded(folder.path)
  await publish(first, "busy", 300, rule)
  await first.broker.stop()
  const { broker } = await runEmbedded(folder.path)
  const { epoch } = (await broker.history("busy", rule, { limit: 0 })).top
  const framesBefore = broker.stats().frames
  const pages = await Promise.all(
    upTo(10_000).map((n) => broker.history("busy", rule, { since: { epoch, offset: 200 + (n % 100) }, limit: 300 })),
  )
  for (const [i, page] of pages.entries()) expect(page.publications).toHaveLength(100 - ((i + 1) % 100))
  // At most the ticks of these milliseconds.
  expect(broker.stats().frames - framesBefore).toBeLessThanOrEqual(1)
  await broker.stop()
})

test("pages from the file are the same as pages from memory", async () => {
  const rule = ruleOf({ historySize: 150 })
  const inMemory = await runEmbedded(folder.path)
  await publish(inMemory, "a", 400, rule)
  const { epoch } = (await inMemory.broker.history("a", rule, { limit: 0 })).top
  const queries = [
    { limit: -1 },
    { limit: 7 },
    { limit: 1_000, reverse: true },
    { limit: 20, reverse: true, since: { epoch, offset: 300 } },
    { limit: 20, since: { epoch, offset: 300 } },
    { limit: 1_000, since: { epoch, offset: 390 } },
    { limit: 20, since: { epoch, offset: 3 } },
    { limit: 20, since: { epoch, offset: 400 } },
    { limit: 20, since: { epoch, offset: 1_000 } },
  ]
  const read = async (running: Running) => Promise.all(queries.map((query) => running.broker.history("a", rule, query)))
  const pages = await read(inMemory)
  await inMemory.broker.stop()
  const fromFile = await runEmbedded(folder.path, { limits: { ringCount: 1 } })
  expect(await read(fromFile)).toEqual(pages)
  await fromFile.broker.stop()
})

test("a page larger than one answer comes in several and is whole", async () => {
  const rule = ruleOf({ historySize: 10_000 })
  const running = await runEmbedded(folder.path, { limits: { ringCount: 1 } })
  const data = JSON.stringify("漢".repeat(2_000))
  await Promise.all(upTo(900).map(() => running.broker.publish("big", rule, { data })))
  for (const reverse of [false, true]) {
    const { publications } = await running.broker.history("big", rule, { limit: -1, reverse })
    const offsets = publications.map(({ offset }) => offset)
    expect(reverse ? offsets.reverse() : offsets).toEqual(upTo(900))
    expect(publications.every((publication) => publication.data === data)).toBe(true)
  }
  await running.broker.stop()
}, 20_000)

test("publishing many times the retention leaves the file bounded, and the newest publications in it", async () => {
  const clock = new FakeClock(1_700_000_000_000)
  const running = await runEmbedded(folder.path, { clock, limits: { ringCount: 1 } })
  const rule = ruleOf({ historySize: 200 })
  const data = JSON.stringify("x".repeat(500))
  const pagesAfter: number[] = []
  for (const round of upTo(12)) {
    for (const channel of ["a", "b", "c"]) {
      await Promise.all(upTo(2_000).map(() => running.broker.publish(channel, rule, { data })))
    }
    await secondGoesBy(running, clock)
    const { log } = running.broker.stats()
    expect(log?.rows).toBe(round * 6_000)
    pagesAfter.push(log?.pages ?? 0)
  }
  // 72,000 publications of 600 bytes are 43 MB, the retention is 0.4 MB: what is in between is slack and unfinished trimming.
  expect(Math.max(...pagesAfter) * 4096).toBeLessThan(6 * 1024 * 1024)
  expect(pagesAfter.at(-1) as number).toBeLessThanOrEqual(Math.max(...pagesAfter.slice(0, 4)) * 1.5)
  const { log } = running.broker.stats()
  expect(log?.trimmedRows).toBeGreaterThan(60_000)
  expect(log?.walBytes).toBeLessThan(24 * 1024 * 1024)
  const { publications, top } = await running.broker.history("a", rule, { limit: -1 })
  expect(publications.map(({ offset }) => offset)).toEqual(upTo(24_000, 23_801))
  expect(top.offset).toBe(24_000)
  await running.broker.stop()
}, 30_000)

test("age: nothing old is returned, the sweep removes it from the file, epoch and top stay", async () => {
  const clock = new FakeClock(1_700_000_000_000)
  const running = await runEmbedded(folder.path, { clock, limits: { ringCount: 1 } })
  const rule = ruleOf({ historySize: 100_000, historyTtlMs: 10 * MINUTE_MS })
  await publish(running, "a", 1_000, rule)
  clock.advance(6 * MINUTE_MS)
  await publish(running, "a", 500, rule)
  clock.advance(6 * MINUTE_MS)
  const page = await running.broker.history("a", rule, { limit: -1 })
  expect(page.publications.map(({ offset }) => offset)).toEqual(upTo(1_500, 1_001))
  await eventually("the sweep", async () => {
    await secondGoesBy(running, clock)
    return (running.broker.stats().log?.trimmedRows ?? 0) >= 1_000
  })
  clock.advance(30 * MINUTE_MS)
  await eventually("the second sweep", async () => {
    await secondGoesBy(running, clock)
    return (running.broker.stats().log?.trimmedRows ?? 0) >= 1_500
  })
  expect(await running.broker.history("a", rule, { limit: -1 })).toEqual({ publications: [], top: page.top })
  await running.broker.stop()
  const again = await runEmbedded(folder.path, { clock })
  expect((await again.broker.history("a", rule, { limit: 0 })).top).toEqual(page.top)
  await again.broker.stop()
})

test("channels nobody uses are swept: unpublished after a day, empty ones after 30; their subscribers are told", async () => {
  const clock = new FakeClock(1_700_000_000_000)
  const rule = ruleOf({ historyTtlMs: MINUTE_MS })
  const first = await runEmbedded(folder.path, { clock })
  const asked = (await first.broker.history("asked", rule, { limit: 0 })).top
  await publish(first, "spoken", 3, rule)
  const spoken = (await first.broker.history("spoken", rule, { limit: 0 })).top
  await first.broker.stop()

  // Another run, which has not opened them.
  clock.advance(2 * DAY_MS)
  const second = await runEmbedded(folder.path, { clock })
  await eventually("the unpublished channel to be swept", async () => {
    await secondGoesBy(second, clock)
    return second.listening.invalidated.includes("asked")
  })
  expect(second.listening.invalidated).toEqual(["asked"])
  expect((await second.broker.history("spoken", rule, { limit: 0 })).top).toEqual(spoken)
  expect((await second.broker.history("asked", rule, { limit: 0 })).top.epoch).not.toBe(asked.epoch)
  await second.broker.stop()

  clock.advance(40 * DAY_MS)
  const third = await runEmbedded(folder.path, { clock })
  await eventually("the empty channel to be swept", async () => {
    await secondGoesBy(third, clock)
    return third.listening.invalidated.includes("spoken")
  })
  expect((await third.broker.history("spoken", rule, { limit: 0 })).top.epoch).not.toBe(spoken.epoch)
  await third.broker.stop()
})

test("an idempotency key is remembered for five minutes at least, then forgotten and removed", async () => {
  const clock = new FakeClock(1_700_000_000_000)
  const running = await runEmbedded(folder.path, { clock })
  const rule = ruleOf({ historyTtlMs: MINUTE_MS })
  const draft = { data: "1", idempotencyKey: "k" }
  await running.broker.publish("a", rule, draft)
  clock.advance(4 * MINUTE_MS)
  expect((await running.broker.publish("a", rule, draft)).duplicate).toBe(true)
  clock.advance(2 * MINUTE_MS)
  expect(await running.broker.publish("a", rule, draft)).toMatchObject({ duplicate: false, position: { offset: 2 } })
  clock.advance(6 * MINUTE_MS)
  // Keys are removed when there is nothing else to remove, and the first publication may have gone long ago.
  await eventually("both publications to be removed", async () => {
    await secondGoesBy(running, clock)
    return running.broker.stats().log?.trimmedRows === 2
  })
  await running.broker.stop()
  const db = new Database(`${folder.path}/log.db`)
  expect(db.query("SELECT count(*) AS keys FROM idempotency").get()).toEqual({ keys: 0 })
  db.close()
})

test("a rule that keeps more or less from now on", async () => {
  const running = await runEmbedded(folder.path, { limits: { ringCount: 1 } })
  const offsets = async (historySize: number) => {
    const { publications } = await running.broker.history("a", ruleOf({ historySize }), { limit: -1 })
    return publications.map(({ offset }) => offset)
  }
  await publish(running, "a", 100, ruleOf({ historySize: 100 }))
  expect(await offsets(10)).toEqual(upTo(100, 91))
  await publish(running, "a", 20, ruleOf({ historySize: 50 }))
  const kept = await offsets(50)
  expect(kept.at(-1)).toBe(120)
  expect(kept.length).toBeGreaterThanOrEqual(30)
  await running.broker.stop()
})

test("more than the queue holds is refused at once, what was accepted is stored", async () => {
  const running = await runEmbedded(folder.path, { limits: { queueCount: 100 } })
  const outcomes = await Promise.allSettled(
    upTo(150).map((n) => running.broker.publish("a", ruleOf(), { data: `${n}` })),
  )
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(100)
  const [refused] = outcomes.filter((outcome) => outcome.status === "rejected")
  expect(refused?.reason).toMatchObject({ code: "limit_exceeded", retryAfterMs: 1_000 })
  expect(refused?.reason.message).toContain("(broker.max_queued_publications)")
  expect((await running.broker.publish("a", ruleOf(), { data: "later" })).position?.offset).toBe(101)
  expect(running.broker.stats()).toMatchObject({ pending: 0, pendingBytes: 0 })
  await running.broker.stop()
})

test("more bytes than the queue holds are refused too", async () => {
  const { broker } = await runEmbedded(folder.path, { limits: { queueBytes: 10 } })
  const accepted = broker.publish("a", ruleOf(), { data: '"one publication may exceed the bound"' })
  expect(await failureOf(broker.publish("a", ruleOf(), { data: "2" }))).toMatchObject({
    code: "limit_exceeded",
    message: expect.stringContaining("(broker.max_queued_bytes)"),
  })
  expect((await accepted).position?.offset).toBe(1)
  await broker.stop()
})

test("more channels than fit in memory: the idle are forgotten and come back as they were", async () => {
  const running = await runEmbedded(folder.path, { limits: { channels: 20, ringsBytes: 5_000 } })
  for (const n of upTo(100)) await publish(running, `c:${n}`, 3)
  const stats = running.broker.stats()
  expect(stats.channels).toBeLessThanOrEqual(20)
  expect(stats.ringsBytes).toBeLessThanOrEqual(5_000)
  for (const n of upTo(100)) {
    const { publications, top } = await running.broker.history(`c:${n}`, ruleOf(), { limit: -1 })
    expect(top.offset).toBe(3)
    expect(publications.map(({ offset }) => offset)).toEqual([1, 2, 3])
    expect((await publish(running, `c:${n}`, 1))[0]?.position?.offset).toBe(4)
  }
  await running.broker.stop()
})

test("names that the file could not tell apart are refused, odd ones are not", async () => {
  const running = await runEmbedded(folder.path, { limits: { ringCount: 1 } })
  for (const half of ["a\ud800", "\udc00"]) {
    expect((await failureOf(running.broker.publish(half, ruleOf(), { data: "1" }))).code).toBe("bad_request")
    expect((await failureOf(running.broker.history(half, ruleOf(), { limit: 0 }))).code).toBe("bad_request")
  }
  const odd = ["a\ufffd", "a\u0000b", "a", "A", "a ", "é", "e\u0301", "😀", "'; DROP TABLE channels; --"]
  for (const name of odd) await publish(running, name, 2)
  for (const name of odd) {
    const { publications } = await running.broker.history(name, ruleOf(), { limit: 9 })
    expect(publications.map(({ offset }) => offset)).toEqual([1, 2])
  }
  for (const since of [Number.NaN, 1.5, 1e300]) {
    await running.broker.history("a", ruleOf(), { limit: 9, since: { epoch: "", offset: since } })
  }
  expect(running.broker.stats().restarts).toBe(0)
  await running.broker.stop()
})
