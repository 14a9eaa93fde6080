import { expect, test } from "bun:test"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { Listening, ruleOf, upTo } from "../testing/support.ts"
import { DEFAULT_LIMITS, type EmbeddedLimits } from "./limits.ts"
import { MemoryLog } from "./memory-log.ts"
import { RecentKeys } from "./recent-keys.ts"

const DAY_MS = 86_400_000
const rule = ruleOf({ durability: "memory" })

function make(limits: Partial<EmbeddedLimits> = {}) {
  const clock = new FakeClock(1_700_000_000_000)
  const all = { ...DEFAULT_LIMITS, ...limits }
  const log = new MemoryLog(clock, all, new RecentKeys(all.memoryKeys))
  const listening = new Listening()
  log.start(listening)
  return { clock, log, listening }
}

test("bytes are bounded: the longest unused lose their publications, never their position", () => {
  const { log } = make({ memoryBytes: 20_000 })
  for (const n of upTo(50)) log.publish(`c:${n}`, rule, { data: "x".repeat(1_000) })
  expect(log.bytes).toBeLessThanOrEqual(20_000)
  expect(log.history("c:50", rule, { limit: 9 }).publications).toHaveLength(1)
  const oldest = log.history("c:1", rule, { limit: 9 })
  expect(oldest.publications).toHaveLength(0)
  expect(oldest.top.offset).toBe(1)
})

test("channels are bounded: the longest unused is forgotten, and its subscribers are told", () => {
  const { log, listening } = make({ channels: 10 })
  const epoch = log.history("c:1", rule, { limit: 0 }).top.epoch
  for (const n of upTo(12, 2)) log.publish(`c:${n}`, rule, { data: "1" })
  expect(log.channels).toBe(10)
  expect(listening.invalidated).toEqual(["c:1", "c:2"])
  expect(log.history("c:1", rule, { limit: 0 }).top.epoch).not.toBe(epoch)
})

test("names that somebody only asked about drive out one another, not what was published", () => {
  const { log, listening } = make({ channels: 20 })
  for (const n of upTo(15)) log.publish(`said:${n}`, rule, { data: "1" })
  const asked = log.history("asked:1", rule, { limit: 0 }).top
  for (const n of upTo(500)) {
    const { top } = log.history(`asked:${n}`, rule, { limit: 0 })
    // Whoever asks next finds the channel he has just been told about.
    expect(log.history(`asked:${n}`, rule, { limit: 0 }).top).toEqual(top)
  }
  expect(log.channels).toBe(20)
  for (const n of upTo(15)) expect(log.history(`said:${n}`, rule, { limit: 9 }).publications).toHaveLength(1)
  expect(listening.invalidated).toEqual(upTo(495).map((n) => `asked:${n}`))
  expect(log.history("asked:1", rule, { since: asked, limit: 9 }).top.epoch).not.toBe(asked.epoch)
})

test("an idle channel loses its old publications, and after a day itself", () => {
  const { log, clock, listening } = make()
  log.publish("idle", rule, { data: "x".repeat(1_000) })
  clock.advance(rule.historyTtlMs + 10_000)
  expect([log.bytes, log.channels]).toEqual([0, 1])
  clock.advance(DAY_MS)
  expect([log.channels, listening.invalidated]).toEqual([0, ["idle"]])
})

test("a rule that keeps less from now on, then more", () => {
  const { log } = make()
  for (const n of upTo(20)) log.publish("a", rule, { data: String(n) })
  const offsets = (historySize: number) =>
    log.history("a", { ...rule, historySize }, { limit: -1 }).publications.map(({ offset }) => offset)
  expect(offsets(5)).toEqual(upTo(20, 16))
  expect(offsets(100)).toEqual(upTo(20, 16))
  log.publish("a", rule, { data: "21" })
  expect(offsets(100)).toEqual(upTo(21, 16))
})

test("keys are bounded and expire", () => {
  const keys = new RecentKeys(3)
  for (const n of upTo(5)) keys.keep("c", `k${n}`, undefined, n, 1_000)
  expect(keys.size).toBe(3)
  expect(keys.find("c", "k2", 10)).toBeUndefined()
  expect(keys.find("c", "k3", 10)).toBeDefined()
  expect(keys.find("c", "k3", 1_003)).toBeUndefined()
  keys.keep("c", "k6", undefined, 5_000, 1_000)
  expect(keys.size).toBe(1)
  // No channel and key can be mistaken for another pair.
  keys.keep("a", "bc", undefined, 5_000, 1_000)
  expect(keys.find("ab", "c", 5_000)).toBeUndefined()
})
