import { expect, test } from "bun:test"
import { FakeClock } from "../core/testing/fake-clock.ts"
import { createLog } from "./log.ts"

function make() {
  const clock = new FakeClock(1_700_000_000_000)
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: "info", format: "json" }, clock, {
    write: (text) => void lines.push(JSON.parse(text)),
  })
  return { clock, lines, log, take: () => lines.splice(0) }
}

test("what anybody can make the server write, however often, is written a hundred times, then once a second, and the rest told", () => {
  const { clock, log, take } = make()
  const part = log.child({ part: "plain" })
  for (let n = 0; n < 5_000; n++) part.info({ n }, "a token was refused")
  const written = take()
  expect(written).toHaveLength(100)
  expect(written[99]).toMatchObject({ level: 30, part: "plain", n: 99, msg: "a token was refused" })
  // Other lines are not held up by that.
  log.warn({ why: "x" }, "something else")
  log.error("only a text")
  expect(take().map(({ msg }) => msg)).toEqual(["something else", "only a text"])
  for (let second = 0; second < 9; second++) {
    clock.advance(1_000)
    for (let n = 0; n < 100; n++) part.info({ n }, "a token was refused")
  }
  expect(take()).toHaveLength(9)
  clock.advance(1_000)
  expect(take()).toMatchObject([{ level: 30, part: "plain", kind: "a token was refused", leftOut: 4_900 + 9 * 99 }])
  clock.advance(100_000)
  expect(take()).toEqual([])
})

test("lines that differ in what a client sent are of one kind", () => {
  const { log, take } = make()
  for (let n = 0; n < 500; n++) log.warn({}, `refused a WebSocket, origin not allowed: http://${n}.example`)
  expect(take()).toHaveLength(100)
  for (let n = 0; n < 500; n++) log.warn({}, `nobody knows ${n}`)
  expect(take().length).toBeLessThan(301)
})

test("no line is longer than it must be, and errors keep what they say", () => {
  const { log, take } = make()
  log.info({ path: "x".repeat(20_000), n: 1 }, `refused: ${"y".repeat(20_000)}`)
  const [line] = take()
  expect(String(line?.path)).toHaveLength(4_001)
  expect(String(line?.msg)).toHaveLength(4_001)
  expect(line?.n).toBe(1)
  log.error({ err: new Error("broken") }, "a handler threw")
  log.error(new Error("broken"), "a handler threw")
  log.error(new Error("broken"))
  expect(take()).toMatchObject([
    { err: { message: "broken" }, msg: "a handler threw" },
    { err: { message: "broken" }, msg: "a handler threw" },
    { err: { message: "broken" }, msg: "broken" },
  ])
})

test("what an error says is cut too, and errors that say different things are of different kinds", () => {
  const { log, take } = make()
  const long = new Error("y".repeat(20_000))
  log.error({ err: long }, "a handler threw")
  log.error(long)
  log.error({ err: new Error("outer", { cause: long }) }, "a handler threw")
  const written = take()
  expect(written).toHaveLength(3)
  for (const line of written) expect(JSON.stringify(line).length).toBeLessThan(13_000)
  expect(written[2]).toMatchObject({ err: { type: "Error", message: expect.stringContaining("outer: yyy") } })
  for (let n = 0; n < 500; n++) log.error(new Error("one thing"))
  log.error(new Error("another"))
  expect(take().at(-1)).toMatchObject({ err: { message: "another" }, msg: "another" })
})
