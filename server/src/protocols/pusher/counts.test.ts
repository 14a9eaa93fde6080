import { expect, test } from "bun:test"
import { Apps } from "./apps.ts"
import { Counts } from "./counts.ts"
import { pusherEncoders } from "./encoders.ts"
import type { PusherParts } from "./options.ts"
import { appWith } from "./testing/app-with.ts"

function start() {
  const keys = [{ key: "the-key", secret: "the-secret" }]
  const apps = new Apps([appWith({ id: "1", keys, sharesChannels: true, subscriptionCount: true })])
  const counted = new Map<string, number>()
  const told: string[] = []
  const parts = {
    apps,
    encoders: pusherEncoders(apps, "message"),
    channels: { hub: { channels: counted } },
    fanout: {
      send: (_encoder: unknown, _topic: string, frame: () => string) => void told.push(JSON.parse(frame()).data),
    },
  }
  const counts = new Counts(parts as never as PusherParts)
  const change = (channel: string, count: number) => {
    if (count === 0) counted.delete(channel)
    else counted.set(channel, count)
    if (count === 0) counts.unsubscribed(channel, count)
    else counts.subscribed(channel)
  }
  /** What subscribers of either kind are told at that moment. */
  const at = (nowMs: number): string[] => {
    told.length = 0
    counts.tick(nowMs)
    return [...new Set(told)]
  }
  return { change, at }
}

const count = (n: number) => `{"subscription_count":${n}}`

test("changes of one moment are one, and no change is told twice", () => {
  const { change, at } = start()
  for (const n of [1, 2, 3]) change("a", n)
  expect(at(0)).toEqual([count(3)])
  expect(at(250)).toEqual([])
  change("a", 2)
  expect(at(500)).toEqual([count(2)])
})

test("beyond 100 subscribers at most every five seconds, and never when nothing changes", () => {
  const { change, at } = start()
  change("a", 101)
  expect(at(0)).toEqual([count(101)])
  change("a", 102)
  expect(at(4_999)).toEqual([])
  change("a", 103)
  expect(at(5_000)).toEqual([count(103)])
  expect(at(20_000)).toEqual([])
})

test("not of presence channels, and not of empty ones", () => {
  const { change, at } = start()
  change("presence-a", 1)
  change("a", 1)
  change("a", 0)
  expect(at(0)).toEqual([])
})
