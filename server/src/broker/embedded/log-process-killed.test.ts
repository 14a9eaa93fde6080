import { afterEach, beforeEach, expect, test } from "bun:test"
import { copyFileSync, renameSync, rmSync } from "node:fs"
import { type Running, runEmbedded, TestFolder } from "../testing/embedded-in.ts"
import { eventually, failureOf, ruleOf, upTo } from "../testing/support.ts"

const CHANNELS = 8
const ROUNDS = 30

let folder: TestFolder
beforeEach(() => {
  folder = new TestFolder()
})
afterEach(() => folder.remove())

/** Publishes to all channels until told to stop, a window at a time, with a key on every third. */
async function load(running: Running, isOver: () => boolean): Promise<Map<string, Map<number, string>>> {
  const acked = new Map<string, Map<number, string>>()
  const rule = ruleOf({ historySize: 1_000_000 })
  const publisher = async (channel: string, who: number) => {
    const positions = acked.get(channel) ?? new Map<number, string>()
    acked.set(channel, positions)
    for (let n = 0; !isOver(); n++) {
      const data = JSON.stringify({ who, n, pad: "x".repeat((n * 37) % 400) })
      const key = n % 3 === 0 ? { idempotencyKey: `${who}-${n}` } : {}
      const { position, duplicate } = await running.broker.publish(channel, rule, { data, ...key })
      if (position === undefined || duplicate) throw new Error(`publication ${who}/${n} taken for a duplicate`)
      if (positions.has(position.offset)) throw new Error(`offset ${position.offset} was given twice`)
      positions.set(position.offset, data)
    }
  }
  const publishers = upTo(CHANNELS).flatMap((c) => upTo(8).map((p) => publisher(`killed:${c}`, c * 100 + p)))
  await Promise.all(publishers)
  return acked
}

test(`kill -9 of the log process under load, ${ROUNDS} times: nothing lost, doubled or reordered`, async () => {
  const running = await runEmbedded(folder.path)
  let isOver = false
  const loading = load(running, () => isOver)
  for (const round of upTo(ROUNDS)) {
    const before = running.listening.of("killed:1").length
    await eventually(`deliveries in round ${round}`, () => running.listening.of("killed:1").length > before + 20)
    const pid = running.child.pid
    if (pid === undefined) throw new Error("no log process to kill")
    process.kill(pid, "SIGKILL")
    await eventually("the next run", () => running.child.pid !== pid && running.child.pid !== undefined)
  }
  isOver = true
  const acked = await loading
  expect(running.broker.stats().restarts).toBe(ROUNDS)
  expect(running.listening.invalidated).toEqual([])

  const rule = ruleOf({ historySize: 1_000_000 })
  await running.broker.stop()
  const again = await runEmbedded(folder.path)
  for (const [channel, positions] of acked) {
    const delivered = running.listening.of(channel)
    // Each acknowledged publication was delivered at its offset, and nothing else was delivered.
    expect(running.listening.offsets(channel)).toEqual(upTo(delivered.length))
    expect(positions.size).toBe(delivered.length)
    for (const { offset, data } of delivered) expect(positions.get(offset as number)).toBe(data as string)
    // Each publisher waited for its answer before the next: its own must be in order.
    const lastOf = new Map<number, number>()
    for (const { data } of delivered) {
      const { who, n } = JSON.parse(data as string) as { who: number; n: number }
      expect(n).toBe((lastOf.get(who) ?? -1) + 1)
      lastOf.set(who, n)
    }
    // And the file says the same.
    const { publications, top } = await again.broker.history(channel, rule, { limit: -1 })
    expect(top.offset).toBe(delivered.length)
    expect(publications.map(({ data }) => data)).toEqual(delivered.map(({ data }) => data))
  }
  await again.broker.stop()
}, 60_000)

test("a log process that cannot run: publishes are refused with the reason, the rest works, and it is tried again", async () => {
  const running = await runEmbedded(folder.path)
  const rule = ruleOf()
  await running.broker.publish("a", rule, { data: "1" })
  // Every run is killed before it can say a word.
  let isOver = false
  const killer = (async () => {
    while (!isOver) {
      const { pid } = running.child
      if (pid !== undefined) {
        try {
          process.kill(pid, "SIGKILL")
        } catch {
          // Dead already.
        }
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const error = await failureOf(running.broker.publish("a", rule, { data: "2" }))
  expect(error.code).toBe("storage_unavailable")
  expect(error.message).toContain(`${folder.path}/log.db`)
  expect(error.retryAfterMs).toBeGreaterThan(0)
  const memory = await running.broker.publish("m", ruleOf({ durability: "memory" }), { data: "1" })
  expect(memory.position?.offset).toBe(1)
  expect((await failureOf(running.broker.probe())).code).toBe("storage_unavailable")
  // What is in memory is still read.
  expect((await running.broker.history("a", rule, { limit: 9 })).publications).toHaveLength(1)
  isOver = true
  await killer
  const { position } = await eventually("publishing to work again", () =>
    running.broker.publish("a", rule, { data: "3" }).catch(() => undefined),
  )
  expect(position?.offset).toBe(2)
  expect(running.listening.of("a").map(({ data }) => data)).toEqual(["1", "3"])
  await running.broker.stop()
}, 30_000)

test("publishes refused after their log process died are in no history, even if it had stored them", async () => {
  const running = await runEmbedded(folder.path, { limits: { answerDeadlineMs: 1_500 } })
  const rule = ruleOf()
  await running.broker.publish("a", rule, { data: "1" })
  const { pid } = running.child
  if (pid === undefined) throw new Error("no log process")
  // It stores the publications and stops before its answer is read: as good as a disk that hangs.
  const accepted = upTo(50).map((n) =>
    running.broker.publish("a", rule, { data: `refused ${n}`, idempotencyKey: `k${n}` }),
  )
  process.kill(pid, "SIGSTOP")
  const outcomes = await Promise.allSettled(accepted)
  const refused = outcomes.filter(({ status }) => status === "rejected").length
  expect(refused).toBeGreaterThan(0)
  const retried = await eventually("publishing to work again", () =>
    running.broker.publish("a", rule, { data: "again", idempotencyKey: "k50" }).catch(() => undefined),
  )
  expect(retried.duplicate).toBe(false)
  const { publications } = await running.broker.history("a", rule, { limit: -1 })
  expect(publications.map(({ data }) => data)).toEqual(running.listening.of("a").map(({ data }) => data))
  expect(publications).toHaveLength(1 + 50 - refused + 1)
  await running.broker.stop()
}, 30_000)

test("signals to the whole process group do not end the log process: the end of its input does", async () => {
  const running = await runEmbedded(folder.path)
  const { pid } = running.child
  if (pid === undefined) throw new Error("no log process")
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.kill(pid, signal)
    await running.broker.publish("a", ruleOf(), { data: "1" })
  }
  expect(running.child.pid).toBe(pid)
  await running.broker.stop()
  expect(() => process.kill(pid, 0)).toThrow()
  expect(running.logged.lines).toEqual([])
})

test("an older file put in the place of the log: a new epoch, subscribers are told, no offset means two things", async () => {
  const running = await runEmbedded(folder.path)
  const { broker, listening, child } = running
  const file = `${folder.path}/log.db`
  const publish = (from: number, to: number) =>
    Promise.all(upTo(to, from).map((n) => broker.publish("a", ruleOf(), { data: String(n) })))
  await publish(1, 10)
  await broker.stop()
  copyFileSync(file, `${file}.backup`)
  const second = await runEmbedded(folder.path)
  await second.broker.history("a", ruleOf(), { limit: 0 })
  const answers = await Promise.all(upTo(20, 11).map((n) => second.broker.publish("a", ruleOf(), { data: String(n) })))
  const pid = second.child.pid as number
  process.kill(pid, "SIGSTOP")
  rmSync(`${file}-wal`)
  renameSync(`${file}.backup`, file)
  process.kill(pid, "SIGKILL")
  const { position } = await second.broker.publish("a", ruleOf(), { data: "after" })
  expect(second.listening.invalidated).toEqual(["a"])
  expect(position?.offset).toBe(11)
  expect(position?.epoch).not.toBe(answers[0]?.position?.epoch as string)
  const { publications, top } = await second.broker.history("a", ruleOf(), { limit: -1 })
  expect(top).toEqual(position as typeof top)
  expect(publications.map(({ data }) => data)).toEqual([...upTo(10).map(String), "after"])
  expect([listening.invalidated, child.restarts]).toEqual([[], 0])
  await second.broker.stop()
})
