/**
 * Does storing stall delivery? Publish→deliver of a channel without history, at a fixed rate, measured from the moment it
 * was due: quiet, and while durable channels take 10,000 publications per second with the writer in its own process or in
 * this one. The measurement behind docs/decisions/0003-storage-in-its-own-process.md.
 *
 *   bun bench/durable/stall.ts [--fsync] [seconds] [rounds]
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { EmbeddedBroker } from "../../server/src/broker/embedded/embedded.ts"
import { ms, PAYLOAD, percentile, perSecond, rule, type WriterPlace, withBroker } from "./measure.ts"

const durability = process.argv.includes("--fsync") ? "fsync" : "commit"
const [seconds = 10, rounds = 3] = process.argv
  .slice(2)
  .filter((arg) => /^\d+$/.test(arg))
  .map(Number)
const DURABLE_PER_MS = 10
const TRANSIENT_EVERY_MS = 2
const BOUND_MS = 5
const kept = rule({ historySize: 5_000 })

interface Measured {
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly loopP99: number
  readonly stored: number
  readonly storedP50: number
  readonly storedP99: number
  readonly checkpoints: number
  readonly checkpointMaxMs: number
}

async function measure(broker: EmbeddedBroker, durablePerMs: number, delays: number[]): Promise<Measured> {
  const loop = monitorEventLoopDelay({ resolution: 1 })
  const storedAfter: number[] = []
  const startMs = performance.now()
  let transients = 0
  let durables = 0
  loop.enable()
  await new Promise<void>((done) => {
    const turn = () => {
      const elapsedMs = performance.now() - startMs
      if (elapsedMs >= seconds * 1_000) return done()
      // Open loop: what is due is published now, however late we are, and counted from when it was due.
      while (transients * TRANSIENT_EVERY_MS <= elapsedMs) {
        dueMs = startMs + transients++ * TRANSIENT_EVERY_MS
        broker.publishTransient("ticker", { data: PAYLOAD })
      }
      const owed = Math.floor(elapsedMs * durablePerMs)
      for (; durables < owed; durables++) {
        const askedMs = performance.now()
        broker
          .publish(`durable:${durables % 20}`, kept, { data: PAYLOAD })
          .then(() => storedAfter.push(performance.now() - askedMs))
          .catch((error) => console.error(error.message))
      }
      setTimeout(turn, 1)
    }
    turn()
  })
  loop.disable()
  return {
    p50: percentile(delays, 0.5),
    p99: percentile(delays, 0.99),
    max: Math.max(...delays),
    loopP99: loop.percentile(99) / 1e6,
    stored: storedAfter.length / seconds,
    storedP50: percentile(storedAfter, 0.5),
    storedP99: percentile(storedAfter, 0.99),
    checkpoints: broker.stats().log?.checkpoints ?? 0,
    checkpointMaxMs: broker.stats().log?.checkpointMsMax ?? 0,
  }
}

let dueMs = 0

function run(place: WriterPlace, durablePerMs: number): Promise<Measured> {
  const delays: number[] = []
  return withBroker(
    place,
    durability,
    (channel) => {
      if (channel === "ticker") delays.push(performance.now() - dueMs)
    },
    (broker) => measure(broker, durablePerMs, delays),
  )
}

console.log(`durability ${durability}, ${seconds} s each, ${rounds} rounds; milliseconds`)
console.log(
  "                  deliver p50      p99      max | loop p99 | stored/s       p50      p99 | checkpoints, longest",
)
const over: Record<string, number[]> = { "own process": [], "in process": [] }
for (let round = 1; round <= rounds; round++) {
  const quiet = await run("own process", 0)
  print("quiet", quiet)
  for (const place of ["own process", "in process"] as const) {
    const loaded = await run(place, DURABLE_PER_MS)
    print(place, loaded)
    over[place]?.push(loaded.p99 - quiet.p99)
  }
}
for (const [place, values] of Object.entries(over)) {
  console.log(
    `writer ${place}: p99 of the channel without history ${ms(percentile(values, 0.5))} ms beyond quiet (median)`,
  )
}
if (percentile(over["own process"] ?? [], 0.5) > BOUND_MS) process.exitCode = 1

function print(name: string, measured: Measured): void {
  const { p50, p99, max, loopP99, stored, storedP50, storedP99, checkpoints, checkpointMaxMs } = measured
  console.log(
    `${name.padEnd(16)}     ${ms(p50)} ${ms(p99)} ${ms(max)} | ${ms(loopP99)} | ` +
      `${perSecond(stored)} ${ms(storedP50)} ${ms(storedP99)} | ${String(checkpoints).padStart(4)} ${ms(checkpointMaxMs)}`,
  )
}
