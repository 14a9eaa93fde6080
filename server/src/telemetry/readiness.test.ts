import { expect, test } from "bun:test"
import { FakeClock } from "../core/testing/fake-clock.ts"
import type { Log } from "./log.ts"
import { Readiness } from "./readiness.ts"

/** A clock whose one repeating timer is run by hand. */
class ProbeClock extends FakeClock {
  probe: () => void = () => undefined
  override every(_intervalMs?: number, run: () => void = () => undefined): () => void {
    this.probe = run
    return () => undefined
  }
}

function readinessOf(probe: () => Promise<void>) {
  const clock = new ProbeClock()
  const said: string[] = []
  const say = (_facts: object, text: string) => void said.push(text)
  const readiness = new Readiness(probe, clock, { info: say, error: say } as never as Log)
  return { readiness, clock, said }
}

test("ready as long as probes succeed, not ready with the reason as soon as one fails", async () => {
  let failure: Error | undefined
  const { readiness, clock, said } = readinessOf(async () => {
    if (failure) throw failure
  })
  expect(readiness.problem).toBe("not started yet")
  await readiness.start()
  expect(readiness.problem).toBeUndefined()
  failure = new Error("the disk is full")
  clock.advance(1_000)
  clock.probe()
  await Promise.resolve()
  expect(readiness.problem).toBe("the disk is full")
  failure = undefined
  clock.probe()
  await Promise.resolve()
  expect(readiness.problem).toBeUndefined()
  expect(said).toEqual([expect.stringContaining("not ready"), expect.stringContaining("ready again")])
})

test("a start that is not ready is said", async () => {
  const { readiness, said } = readinessOf(() => Promise.reject(new Error("the disk is full")))
  await readiness.start()
  expect(readiness.problem).toBe("the disk is full")
  expect(said).toEqual([expect.stringContaining("not ready")])
})

test("a probe that is never answered makes it not ready, and no second one is sent behind it", async () => {
  let hangs = false
  let probes = 0
  const { readiness, clock } = readinessOf(() => {
    probes++
    return hangs ? new Promise(() => undefined) : Promise.resolve()
  })
  await readiness.start()
  hangs = true
  for (let second = 0; second < 5; second++) {
    expect(readiness.problem).toBeUndefined()
    clock.advance(1_000)
    clock.probe()
  }
  expect(readiness.problem).toContain("has not answered for 5 s")
  expect(probes).toBe(2)
})
