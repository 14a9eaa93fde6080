import { expect, test } from "bun:test"
import fc from "fast-check"
import { Presence } from "./presence.ts"

const info = (client: string, user = "ann") => ({ client, user })

test("leaving on purpose is told at once", () => {
  const presence = new Presence(5_000)
  presence.join("room", info("c1"))
  expect(presence.leave("room", "c1")).toMatchObject([{ kind: "leave", info: { client: "c1" } }])
  expect(presence.stats("room")).toEqual({ clients: 0, users: 0 })
})

test("a dropped connection is present until its grace is over", () => {
  const presence = new Presence(5_000)
  presence.join("room", info("c1"))
  presence.drop("room", "c1", 1_000)
  expect(presence.expire(5_999)).toEqual([])
  expect(presence.isPresent("room", "ann")).toBe(true)
  expect(presence.expire(6_000)).toMatchObject([{ kind: "leave", info: { client: "c1" }, goneForMs: 5_000 }])
  expect(presence.isPresent("room", "ann")).toBe(false)
})

test("a page change does not blink: the user is in the room all the time", () => {
  const presence = new Presence(5_000)
  presence.join("room", info("c1"))
  presence.drop("room", "c1", 1_000)
  presence.join("room", info("c2"))
  expect(presence.expire(6_000)).toHaveLength(1)
  expect(presence.isPresent("room", "ann")).toBe(true)
})

test("a node whose lease is over takes its members along", () => {
  const presence = new Presence(5_000)
  presence.join("room", info("near"))
  presence.join("room", info("far", "bob"), "node-2")
  presence.renew("node-2", 10_000)
  expect(presence.expire(9_999)).toEqual([])
  expect(presence.expire(10_000)).toMatchObject([{ kind: "leave", info: { client: "far" } }])
  expect(presence.stats("room")).toEqual({ clients: 1, users: 1 })
})

type Step = { do: "join" | "leave" | "drop" | "wait"; client: number; channel: number }

test("joins and leaves told always add up to who is present", () => {
  const step = fc.record<Step>({
    do: fc.constantFrom("join", "leave", "drop", "wait"),
    client: fc.integer({ min: 0, max: 4 }),
    channel: fc.integer({ min: 0, max: 2 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const presence = new Presence(5_000)
      const told = new Map<string, Set<string>>()
      let nowMs = 0
      const hear = (changes: ReturnType<Presence["expire"]>) => {
        for (const { kind, channel, info } of changes) {
          const members = told.get(channel) ?? new Set()
          told.set(channel, members)
          if (kind === "join") members.add(info.client)
          else members.delete(info.client)
        }
      }
      for (const { do: what, client, channel } of steps) {
        nowMs += 700
        if (what === "join") hear(presence.join(`ch${channel}`, info(`c${client}`, `u${client % 2}`)))
        if (what === "leave") hear(presence.leave(`ch${channel}`, `c${client}`))
        if (what === "drop") presence.drop(`ch${channel}`, `c${client}`, nowMs)
        hear(presence.expire(nowMs))
        for (const [name, members] of told)
          expect([...presence.members(name).keys()].sort()).toEqual([...members].sort())
      }
      hear(presence.expire(nowMs + 5_000))
    }),
    { numRuns: 200 },
  )
})

test("a user of two connections comes with the first and leaves with the last", () => {
  const presence = new Presence(5_000)
  expect(presence.join("room", info("c1"))).toMatchObject([{ kind: "join", ofUser: true }])
  expect(presence.join("room", info("c2"))).toMatchObject([{ kind: "join", ofUser: false }])
  expect(presence.leave("room", "c1")).toMatchObject([{ kind: "leave", ofUser: false }])
  expect(presence.leave("room", "c2")).toMatchObject([{ kind: "leave", ofUser: true }])
})

test("two connections whose grace ends at once: their user leaves once", () => {
  const presence = new Presence(5_000)
  presence.join("room", info("c1"))
  presence.join("room", info("c2"))
  presence.drop("room", "c1", 0)
  presence.drop("room", "c2", 0)
  expect(presence.expire(5_000).map(({ ofUser }) => ofUser)).toEqual([false, true])
})
