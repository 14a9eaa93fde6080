import { expect, test } from "bun:test"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { Refusal } from "./refusal.ts"
import { Refusals } from "./refusals.ts"

function start() {
  const clock = new FakeClock()
  const lines: { level: string; why?: string; unlogged?: number; message: string }[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, ...fields, message })
  const log = { info: at("info"), warn: at("warn"), error: at("error") }
  const refusals = new Refusals({ log, clock })
  const refuse = (wrong: "key" | "secret", text = "no", app = "1") =>
    refusals.tell({ app, what: "request", refusal: new Refusal(401, text, { wrong, forLog: `${text} indeed` }) })
  return { clock, lines, refusals, refuse }
}

test("one record for each thing and reason: how often, when last, and why, as the log has it", () => {
  const { clock, lines, refusals, refuse } = start()
  refuse("key", "first")
  refuse("key", "second")
  clock.advance(5_000)
  refuse("secret", "third")
  expect(refusals.list()).toEqual([
    { app: "1", what: "request", wrong: "secret", count: 1, lastAtMs: 5_000, lastWhy: "third indeed" },
    { app: "1", what: "request", wrong: "key", count: 2, lastAtMs: 0, lastWhy: "second indeed" },
  ])
  expect(lines.map(({ level, why, message }) => [level, why, message])).toEqual([
    ["info", "first indeed", "refused a Pusher request"],
    ["info", "second indeed", "refused a Pusher request"],
    ["info", "third indeed", "refused a Pusher request"],
  ])
})

test("a flood of refusals does not flood the log: the next line says how many are not in it", () => {
  const { clock, lines, refusals, refuse } = start()
  for (let n = 0; n < 10_000; n++) refuse("key", "x".repeat(50_000))
  expect(lines).toHaveLength(100)
  expect(Math.max(...lines.map((line) => JSON.stringify(line).length))).toBeLessThan(1_200)
  expect(refusals.list()).toMatchObject([{ count: 10_000 }])
  refuse("secret")
  expect(lines).toHaveLength(101)
  clock.advance(1_000)
  refuse("key")
  expect(lines.at(-1)).toMatchObject({ unlogged: 9_900 })
  refuse("key")
  expect(lines.at(-1)).not.toHaveProperty("unlogged")
})

test("a failure of the server is an error", () => {
  const { lines, refusals } = start()
  refusals.tell({ app: undefined, what: "message", refusal: new Refusal(500, "Internal server error") })
  expect(lines).toMatchObject([{ level: "error", wrong: "server" }])
})
