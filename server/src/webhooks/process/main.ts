import { join } from "node:path"
import { serveFrames, writeFrame } from "../../child/serve-frames.ts"
import { type StoredEvent, wants } from "../event.ts"
import { type FromProcess, MAX_WEBHOOK_FRAME_BYTES, type ToProcess } from "../wire.ts"
import { Courier } from "./courier.ts"
import { send } from "./send.ts"
import { type Kept, WebhookStore } from "./store.ts"

/**
 * The webhook process: keeps events on disk until they are delivered, and delivers them. Away from the node, so that
 * neither disks nor slow endpoints hold up anybody's messages.
 *
 * It ends when its input ends, which is also what the death of the node looks like: what is under way is broken off
 * then and sent again by the next one.
 */
const WORK_EVERY_MS = 250
const STATS_EVERY_MS = 1_000

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined)
process.umask(0o077)

const [dataDir] = process.argv.slice(2) as [string]
const store = new WebhookStore(join(dataDir, "webhooks.db"))
const couriers = new Map<string, Courier>()
const ending = new AbortController()

const say = (frame: FromProcess): void => writeFrame(JSON.stringify(frame))

const parts = {
  body: (sequence: number) => store.body(sequence),
  remove: (sequences: readonly number[]) => store.remove(sequences),
  send: (delivery: Parameters<typeof send>[0]) => send(delivery, ending.signal),
  nowMs: Date.now,
  random: Math.random,
  log: (level: "info" | "warn", fields: object, message: string) => say({ is: "log", level, fields, message }),
}

setInterval(() => {
  for (const courier of couriers.values()) courier.work()
}, WORK_EVERY_MS)
setInterval(() => {
  for (const courier of couriers.values()) courier.giveUp()
  say({ is: "stats", endpoints: [...couriers.values()].map(({ stats }) => stats) })
}, STATS_EVERY_MS)

await serveFrames(
  MAX_WEBHOOK_FRAME_BYTES,
  (frames) => {
    const arrived: Kept[] = []
    const answers = store.together(() => frames.flatMap((text) => answer(JSON.parse(text), arrived)))
    // Only now are they on disk.
    for (const kept of arrived) couriers.get(kept.endpoint)?.add(kept)
    for (const courier of couriers.values()) courier.work()
    return answers.map((frame) => JSON.stringify(frame))
  },
  () => false,
)
ending.abort()
store.close()
process.exit(0)

function answer(frame: ToProcess, arrived: Kept[]): FromProcess[] {
  if (frame.is === "open") {
    for (const endpoint of frame.endpoints) couriers.set(endpoint.id, new Courier(endpoint, parts))
    const kept = store.all()
    arrived.push(...kept.filter(({ endpoint }) => couriers.has(endpoint)))
    removeOrphans(kept)
    return [{ is: "told", told: store.told() }]
  }
  for (const event of frame.events) arrived.push(...keep(event))
  for (const change of frame.told) store.tell(change)
  return [{ is: "added", number: frame.number }]
}

function keep(event: StoredEvent): Kept[] {
  const interested = [...couriers.values()].filter(({ endpoint }) => wants(endpoint, event))
  return interested.flatMap(({ endpoint }) => store.add(endpoint.id, event) ?? [])
}

/** Events for an endpoint that is no longer configured have nowhere to go. */
function removeOrphans(kept: readonly Kept[]): void {
  const orphans = kept.filter(({ endpoint }) => !couriers.has(endpoint))
  if (orphans.length === 0) return
  store.remove(orphans.map(({ sequence }) => sequence))
  parts.log("warn", { events: orphans.length }, "dropped webhook events of endpoints that are no longer configured")
}
