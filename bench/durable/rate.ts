/**
 * How much of SQLite's own speed is left: rows per second of plain batched inserts into the same table, against
 * publications per second of the broker, alternately in one run.
 *
 *   bun bench/durable/rate.ts [--fsync] [rounds]
 */
import { Database } from "bun:sqlite"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureSchema } from "../../server/src/broker/embedded/log-process/schema.ts"
import { PAYLOAD, percentile, perSecond, rule, withBroker } from "./measure.ts"

const durability = process.argv.includes("--fsync") ? "fsync" : "commit"
const rounds = Number(process.argv.slice(2).find((arg) => /^\d+$/.test(arg)) ?? 3)
const ROWS = 200_000
const BATCH = 512
const CHANNELS = 20
const PUBLISHERS = 2_000

/** No growth bound is reached: neither side trims. */
const growing = rule({ historySize: 10_000_000 })

function plainInserts(): number {
  const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
  const db = new Database(join(folder, "plain.db"), { create: true })
  db.run("PRAGMA journal_mode = WAL")
  db.run(`PRAGMA synchronous = ${durability === "fsync" ? "FULL" : "NORMAL"}`)
  ensureSchema(db)
  const insert = db.prepare(
    `INSERT INTO publications(channel_id, "offset", time_ms, data, info, tags) VALUES (?, ?, ?, ?, NULL, NULL)`,
  )
  const startedMs = performance.now()
  for (let row = 0; row < ROWS; ) {
    db.run("BEGIN IMMEDIATE")
    for (let i = 0; i < BATCH && row < ROWS; i++, row++) {
      insert.run(row % CHANNELS, Math.floor(row / CHANNELS), Date.now(), PAYLOAD)
    }
    db.run("COMMIT")
  }
  const tookMs = performance.now() - startedMs
  db.close()
  rmSync(folder, { recursive: true, force: true })
  return (ROWS / tookMs) * 1_000
}

interface Published {
  readonly rate: number
  readonly cpuUs: number
}

function publishes(historySize: number): Promise<Published> {
  const kept = historySize === 0 ? growing : rule({ historySize })
  return withBroker(
    "own process",
    durability,
    () => undefined,
    async (broker) => {
      let left = ROWS
      const startedMs = performance.now()
      const cpuBefore = process.cpuUsage()
      const publisher = async (n: number) => {
        const channel = `bench:${n % CHANNELS}`
        while (left-- > 0) await broker.publish(channel, kept, { data: PAYLOAD })
      }
      await Promise.all(Array.from({ length: PUBLISHERS }, (_, n) => publisher(n)))
      const tookMs = performance.now() - startedMs
      const cpu = process.cpuUsage(cpuBefore)
      return { rate: (ROWS / tookMs) * 1_000, cpuUs: (cpu.user + cpu.system) / ROWS }
    },
  )
}

console.log(`durability ${durability}, ${ROWS} rows of ${PAYLOAD.length} bytes, batches of ${BATCH}, ${rounds} rounds`)
const ratios: number[] = []
for (let round = 1; round <= rounds; round++) {
  const plain = plainInserts()
  const growingRate = await publishes(0)
  const trimmed = await publishes(1_000)
  ratios.push(growingRate.rate / plain)
  console.log(
    `round ${round}: plain inserts ${perSecond(plain)}/s | broker ${perSecond(growingRate.rate)}/s ` +
      `= ${(growingRate.rate / plain).toFixed(2)} of it, node ${growingRate.cpuUs.toFixed(1)} µs CPU each | ` +
      `with trimming to 1,000 ${perSecond(trimmed.rate)}/s`,
  )
}
console.log(`median ratio ${percentile(ratios, 0.5).toFixed(2)} (bound: 0.30)`)
if (percentile(ratios, 0.5) < 0.3) process.exitCode = 1
