import { afterEach, expect, test } from "bun:test"
import { join } from "node:path"
import type { Clock } from "../core/clock.ts"
import type { ChildExit } from "./child-process.ts"
import { SupervisedChild } from "./supervised-child.ts"

const ECHO = join(import.meta.dirname, "testing", "echo.ts")

/** Collects pauses instead of waiting for them. */
class Pauses implements Clock {
  readonly due: { delayMs: number; run: () => void }[] = []
  nowMs = (): number => 0
  every = (): (() => void) => () => undefined

  after(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, run }
    this.due.push(timer)
    return () => this.due.splice(this.due.indexOf(timer), 1)
  }
}

class Watched {
  readonly frames: string[] = []
  readonly exits: ChildExit[] = []
  readonly retries: (number | undefined)[] = []
  readonly clock = new Pauses()
  readonly child: SupervisedChild
  #changed: () => void = () => undefined

  constructor(mood = "", maxFrameBytes = 1_000_000) {
    const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
    this.child = new SupervisedChild({
      name: "echo",
      entry: ECHO,
      args: [mood],
      maxFrameBytes,
      clock: this.clock,
      log: quiet,
    })
    this.child.start({
      up: () => this.#changed(),
      frame: (text) => {
        this.frames.push(text)
        this.child.progressed()
        this.#changed()
      },
      down: (how, retryInMs) => {
        this.exits.push(how)
        this.retries.push(retryInMs)
        this.#changed()
      },
    })
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }
}

let watched: Watched
afterEach(() => watched.child.stop(1_000))

test("frames come back in order, whatever their size", async () => {
  watched = new Watched()
  const texts = ["", "漢字", "x".repeat(300_000), "last"]
  for (const text of texts) watched.child.send(text)
  await watched.until(() => watched.frames.length === 5)
  expect(watched.frames).toEqual(["hello", ...texts])
})

test("a child that had done something is back at once", async () => {
  watched = new Watched()
  await watched.until(() => watched.frames.length === 1)
  watched.child.send("die")
  await watched.until(() => watched.frames.length === 2)
  expect(watched.exits).toEqual([{ code: 9, signal: null }])
  expect([watched.child.restarts, watched.child.failures, watched.retries]).toEqual([1, 0, [0]])
})

test("a child that never achieves anything is started ever more rarely", async () => {
  watched = new Watched("dies at once")
  for (let round = 2; round <= 10; round++) {
    await watched.until(() => watched.clock.due.length > 0)
    watched.clock.due.shift()?.run()
    await watched.until(() => watched.exits.length === round + 1)
  }
  expect(watched.retries.slice(0, 10)).toEqual([0, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  expect(watched.exits.every(({ code }) => code === 7)).toBe(true)
})

test("a child that speaks nonsense is killed, with the reason", async () => {
  watched = new Watched("", 1_000)
  await watched.until(() => watched.frames.length === 1)
  watched.child.send("nonsense")
  await watched.until(() => watched.exits.length === 1)
  expect(watched.exits[0]?.signal).toBe("SIGKILL")
  expect(watched.exits[0]?.reason?.message).toContain("the limit is 1000")
})

test("a child that does not end when told to is killed after the deadline", async () => {
  watched = new Watched("hangs")
  await watched.until(() => watched.frames.length === 1)
  const stopping = watched.child.stop(3_000)
  expect(watched.clock.due.map(({ delayMs }) => delayMs)).toEqual([3_000])
  watched.clock.due[0]?.run()
  await stopping
  expect(watched.exits[0]?.signal).toBe("SIGKILL")
  expect(watched.child.restarts).toBe(0)
})
