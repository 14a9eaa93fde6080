import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createEmbeddedBroker, type EmbeddedBroker } from "../../server/src/broker/embedded/embedded.ts"
import type { Durability } from "../../server/src/broker/embedded/log-process/open-log.ts"
import { InlineLink } from "../../server/src/broker/testing/inline-link.ts"
import { ruleOf } from "../../server/src/broker/testing/support.ts"
import { systemClock } from "../../server/src/core/clock.ts"

export const rule = ruleOf

/** About what a chat message with its envelope weighs. */
export const PAYLOAD = JSON.stringify({ type: "message", text: "x".repeat(260) })

export type WriterPlace = "own process" | "in process"

const stderr = {
  info: () => undefined,
  warn: (obj: object, msg: string) => console.error(msg, obj),
  error: (obj: object, msg: string) => console.error(msg, obj),
}

/** A broker in a fresh folder on the disk of TMPDIR, gone afterwards. */
export async function withBroker<T>(
  place: WriterPlace,
  durability: Durability,
  deliver: (channel: string) => void,
  run: (broker: EmbeddedBroker) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "skein-bench-"))
  const link = place === "in process" ? { link: new InlineLink(dataDir, durability) } : {}
  const broker = createEmbeddedBroker({ dataDir, durability, clock: systemClock, log: stderr, ...link })
  await broker.start({ deliver, invalidate: () => undefined })
  try {
    return await run(broker)
  } finally {
    await broker.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export const ms = (value: number): string => value.toFixed(2).padStart(8)
export const perSecond = (value: number): string => Math.round(value).toLocaleString("en").padStart(9)
