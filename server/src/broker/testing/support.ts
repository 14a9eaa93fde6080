import type { Publication } from "../../core/publication.ts"
import type { ChannelRule } from "../../core/rules.ts"
import { ruleWith } from "../../core/testing/fake-node.ts"
import type { BrokerListener } from "../contract.ts"

/** The rule of a channel whose history is kept on disk; say only what the test is about. */
export const ruleOf = (change: Partial<ChannelRule> = {}): ChannelRule =>
  ruleWith({ historySize: 100, historyTtlMs: 3_600_000, durability: "disk", recovery: true, ...change })

/** Remembers what a broker tells its node. */
export class Listening implements BrokerListener {
  readonly delivered = new Map<string, Publication[]>()
  readonly invalidated: string[] = []

  deliver(channel: string, publication: Publication): void {
    const sofar = this.delivered.get(channel)
    if (sofar === undefined) this.delivered.set(channel, [publication])
    else sofar.push(publication)
  }

  invalidate(channels: readonly string[]): void {
    this.invalidated.push(...channels)
  }

  of(channel: string): readonly Publication[] {
    return this.delivered.get(channel) ?? []
  }

  offsets(channel: string): (number | undefined)[] {
    return this.of(channel).map((publication) => publication.offset)
  }
}

/** Waits until `probe` gives something else than undefined or false; fails after `deadlineMs`. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** 1, 2, … n */
export function upTo(n: number, from = 1): number[] {
  return Array.from({ length: Math.max(0, n - from + 1) }, (_, i) => from + i)
}

/** The error a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string; retryAfterMs?: number }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { code?: string }
  }
  throw new Error("expected a refusal, but it was done")
}
