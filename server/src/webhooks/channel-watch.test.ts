import { expect, test } from "bun:test"
import { ChannelWatch, DEBOUNCE_MS, RETURN_MS } from "./channel-watch.ts"

function watching({ tellsCounts = false } = {}) {
  const time = { nowMs: 0 }
  const events: string[] = []
  const told: string[] = []
  const watch = new ChannelWatch({
    describe: (channel) =>
      channel.startsWith("other:")
        ? undefined
        : { appId: "1", channel, hasMembers: channel.startsWith("presence-"), tellsCounts },
    add: ({ name, channel, fields }, change) => {
      events.push([name, channel, ...Object.values(fields ?? {})].join(" "))
      if (change) told.push(`${change.isTrue ? "+" : "-"}${change.channel}${change.userId ?? ""}`)
    },
    nowMs: () => time.nowMs,
  })
  const wait = (ms: number) => {
    time.nowMs += ms
    watch.tick()
  }
  const member = (kind: "join" | "leave", user: string, ofUser = true, goneForMs?: number) =>
    watch.presence({
      kind,
      channel: "presence-a",
      info: { user, client: "c" },
      ofUser,
      ...(goneForMs === undefined ? {} : { goneForMs }),
    })
  return { watch, events, told, wait, member }
}

test("occupied at the first subscriber, vacated three seconds after the last", () => {
  const { watch, events, told, wait } = watching()
  watch.subscribed("a", 1)
  watch.subscribed("a", 2)
  watch.unsubscribed("a", 1)
  watch.unsubscribed("a", 0)
  wait(DEBOUNCE_MS - 1)
  expect(events).toEqual(["channel_occupied a"])
  wait(1)
  expect(events).toEqual(["channel_occupied a", "channel_vacated a"])
  expect(told).toEqual(["+a", "-a"])
})

test("who is back in time never left", () => {
  const { watch, events, wait, member } = watching()
  watch.subscribed("presence-a", 1)
  member("join", "ann")
  watch.unsubscribed("presence-a", 0)
  member("leave", "ann")
  wait(DEBOUNCE_MS - 1)
  watch.subscribed("presence-a", 1)
  member("join", "ann")
  wait(10 * DEBOUNCE_MS)
  expect(events).toEqual(["channel_occupied presence-a", "member_added presence-a ann"])
})

test("the last member leaves before the channel is vacated; further connections of a user do not count", () => {
  const { watch, events, wait, member } = watching()
  watch.subscribed("presence-a", 1)
  member("join", "ann")
  member("join", "ann", false)
  member("leave", "ann", false)
  watch.unsubscribed("presence-a", 0)
  member("leave", "ann")
  wait(DEBOUNCE_MS)
  expect(events.slice(2)).toEqual(["member_removed presence-a ann", "channel_vacated presence-a"])
})

test("a grace that a member had already counts, and the channel's goodbye waits for the members'", () => {
  const { watch, events, wait, member } = watching()
  watch.subscribed("presence-a", 1)
  member("join", "ann")
  watch.unsubscribed("presence-a", 0)
  wait(DEBOUNCE_MS + 1_000)
  expect(events).toEqual(["channel_occupied presence-a", "member_added presence-a ann"])
  member("leave", "ann", true, DEBOUNCE_MS + 1_000)
  wait(250)
  wait(250)
  expect(events.slice(2)).toEqual(["member_removed presence-a ann", "channel_vacated presence-a"])
})

test("a grace shorter than the wait leaves the rest of it, whoever left before", () => {
  const { watch, events, wait, member } = watching()
  watch.subscribed("a", 1)
  watch.unsubscribed("a", 0)
  watch.subscribed("presence-a", 1)
  member("join", "ann")
  member("leave", "ann", true, 1_000)
  wait(DEBOUNCE_MS - 1_001)
  expect(events).not.toContain("member_removed presence-a ann")
  wait(1)
  expect(events.at(-1)).toBe("member_removed presence-a ann")
})

test("after a crash: who does not come back is said goodbye, who does is not announced again", () => {
  const { watch, events, wait, member } = watching()
  watch.subscribed("early", 1)
  watch.restore([
    { appId: "1", channel: "presence-a" },
    { appId: "1", channel: "presence-a", userId: "ann" },
    { appId: "1", channel: "presence-a", userId: "bob" },
    { appId: "1", channel: "gone" },
    { appId: "1", channel: "early" },
  ])
  watch.subscribed("presence-a", 1)
  member("join", "ann")
  wait(RETURN_MS)
  expect(events).toEqual(["channel_occupied early", "member_removed presence-a bob", "channel_vacated gone"])
})

test("channels of nobody are nobody's business", () => {
  const { watch, events, wait } = watching()
  watch.subscribed("other:a", 1)
  watch.unsubscribed("other:a", 0)
  wait(DEBOUNCE_MS)
  expect(events).toEqual([])
})

test("counts: the last one of a moment, and beyond a hundred every five seconds", () => {
  const { watch, events, wait } = watching({ tellsCounts: true })
  watch.subscribed("a", 1)
  watch.subscribed("a", 2)
  wait(250)
  watch.subscribed("a", 101)
  wait(250)
  watch.subscribed("a", 102)
  wait(4_999 - 250)
  wait(251)
  expect(events.filter((event) => event.startsWith("subscription_count"))).toEqual([
    "subscription_count a 2",
    "subscription_count a 102",
  ])
})

test("many cache misses at once are one", () => {
  const { watch, events, wait } = watching()
  for (let n = 0; n < 5; n++) watch.cacheMiss("1", "cache-a")
  wait(10_000)
  watch.cacheMiss("1", "cache-a")
  expect(events).toEqual(["cache_miss cache-a", "cache_miss cache-a"])
})
