import { beforeEach, expect, test } from "bun:test"
import type { Clock } from "../core/clock.ts"
import { Lifecycle } from "./lifecycle.ts"

let nowMs: number
let timers: { atMs: number; run: () => void }[]
let exits: number[]
let stops: number
let finishStop: () => void
let lifecycle: Lifecycle

const clock: Clock = {
  nowMs: () => nowMs,
  every: () => () => undefined,
  after(delayMs, run) {
    timers.push({ atMs: nowMs + delayMs, run })
    return () => undefined
  },
}

function advance(ms: number): void {
  nowMs += ms
  for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) timer.run()
}

const app = {
  stop() {
    stops++
    return new Promise<void>((resolve) => {
      finishStop = resolve
    })
  },
}

beforeEach(() => {
  nowMs = 1_000
  timers = []
  exits = []
  stops = 0
  finishStop = () => undefined
  const silent = () => undefined
  const log = { info: silent, warn: silent, error: silent, fatal: silent }
  lifecycle = new Lifecycle({ log, clock, stopDeadlineMs: 20_000, exit: (code) => void exits.push(code) })
})

test("a signal drains, and the process ends well when the drain is done", async () => {
  lifecycle.serves(app)
  lifecycle.signal("SIGTERM")
  expect([stops, exits]).toEqual([1, []])
  finishStop()
  await Promise.resolve()
  await Promise.resolve()
  expect(exits).toEqual([0])
})

test("one Ctrl-C that arrives three times is one signal, a later one ends at once", () => {
  lifecycle.serves(app)
  lifecycle.signal("SIGINT")
  advance(3)
  lifecycle.signal("SIGINT")
  advance(30)
  lifecycle.signal("SIGINT")
  expect([stops, exits]).toEqual([1, []])
  advance(1_000)
  lifecycle.signal("SIGINT")
  expect(exits).toEqual([1])
})

test("a signal before there is anything to drain ends at once", () => {
  lifecycle.signal("SIGTERM")
  expect(exits).toEqual([0])
})

test("a drain that never ends is cut off at its deadline", () => {
  lifecycle.serves(app)
  lifecycle.signal("SIGTERM")
  advance(19_999)
  expect(exits).toEqual([])
  advance(1)
  expect(exits).toEqual([1])
})

test("without its launcher the process ends within a second", () => {
  lifecycle.serves(app)
  lifecycle.orphaned()
  expect(stops).toBe(1)
  advance(1_000)
  expect(exits).toEqual([1])
})

test("an error nobody caught drains and ends badly", async () => {
  lifecycle.serves(app)
  lifecycle.crashed(new Error("a defect"), "unhandledRejection")
  lifecycle.crashed(new Error("another while draining"), "uncaughtException")
  expect(stops).toBe(1)
  finishStop()
  await Promise.resolve()
  await Promise.resolve()
  expect(exits).toEqual([1])
})
