/**
 * Durable publishes acknowledged over WebSocket, a channel for each publisher, against plain batched inserts of the same
 * rows into the same table.
 *
 *   bun bench/durable-websocket.ts [publishers=64] [inFlight=8] [seconds=5] [rounds=3]
 */
import { Database } from "bun:sqlite"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureSchema } from "../server/src/broker/embedded/log-process/schema.ts"
import { startSkein } from "./servers.ts"
import { median } from "./wsload.ts"

const [publishers = "64", inFlight = "8", seconds = "5", rounds = "3"] = process.argv.slice(2)
const PAYLOAD_BYTES = 200
const ROWS_PER_COMMIT = 256
/** Publishing needs a rule that lets clients publish durably. */
const CONFIG = join(import.meta.dirname, "durable.toml")

const payload = JSON.stringify({ text: "x".repeat(PAYLOAD_BYTES - '{"text":""}'.length) })

/** Rows per second into the log's own table, spread over as many channels, in batches of one transaction each. */
function plainInserts(): number {
  const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
  const db = new Database(join(folder, "plain.db"), { create: true })
  db.run("PRAGMA journal_mode = WAL")
  db.run("PRAGMA synchronous = NORMAL")
  ensureSchema(db)
  const insert = db.prepare(
    `INSERT INTO publications(channel_id, "offset", time_ms, data, info, tags) VALUES (?, ?, ?, ?, NULL, NULL)`,
  )
  const end = performance.now() + Number(seconds) * 1_000
  let rows = 0
  while (performance.now() < end) {
    db.run("BEGIN IMMEDIATE")
    for (let i = 0; i < ROWS_PER_COMMIT; i++, rows++)
      insert.run(rows % Number(publishers), Math.floor(rows / Number(publishers)), Date.now(), payload)
    db.run("COMMIT")
  }
  db.close()
  rmSync(folder, { recursive: true })
  return rows / Number(seconds)
}

/** Acknowledged publishes per second: every publisher keeps `inFlight` commands unanswered. */
async function acknowledgedPublishes(): Promise<number> {
  const server = await startSkein(
    { SKEIN_LIMITS_MESSAGES_PER_SECOND: "1000000", SKEIN_LIMITS_MESSAGE_BURST: "1000000" },
    ["--config", CONFIG],
  )
  let acknowledged = 0
  let isOver = false
  const sockets = await Promise.all(
    Array.from({ length: Number(publishers) }, async (_, publisher) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/connection/websocket`)
      await new Promise((resolve) => socket.addEventListener("open", resolve))
      socket.send('{"id":1,"connect":{}}')
      await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }))
      let id = 1
      const publish = () => `{"id":${++id},"publish":{"channel":"log:${publisher}","data":${payload}}}`
      socket.addEventListener("message", ({ data }) => {
        if (isOver) return
        let answers = 0
        for (const line of (data as string).split("\n")) {
          if (line === "{}") socket.send("{}")
          else if (line.includes('"error"')) throw new Error(line)
          else answers++
        }
        acknowledged += answers
        socket.send(Array.from({ length: answers }, publish).join("\n"))
      })
      return { socket, start: () => socket.send(Array.from({ length: Number(inFlight) }, publish).join("\n")) }
    }),
  )
  for (const { start } of sockets) start()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const before = acknowledged
  const startedMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000))
  const rate = (acknowledged - before) / ((performance.now() - startedMs) / 1_000)
  isOver = true
  for (const { socket } of sockets) socket.close()
  await server.stop()
  return rate
}

const ratios: number[] = []
for (let round = 1; round <= Number(rounds); round++) {
  const plain = plainInserts()
  const durable = await acknowledgedPublishes()
  ratios.push(durable / plain)
  console.log(
    `round ${round}  plain batched inserts ${Math.round(plain)} rows/s, ` +
      `durable publishes ${Math.round(durable)}/s acknowledged: ${(durable / plain).toFixed(2)}`,
  )
}
console.log(
  `median ratio ${median(ratios).toFixed(2)} (${publishers} publishers, ${inFlight} in flight, ${PAYLOAD_BYTES} bytes)`,
)
