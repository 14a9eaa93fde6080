import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { APP, call, hmac, OTHER_APP, RawClient, startServer } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer(
    { subscription_count: true, authorize_within: "0s" },
    {
      // Time enough for those who sign in, on any machine.
      otherApp: { terminate: "reconnect", authorize_within: "5s" },
      // Longer than any test waits: who leaves in it was not given any.
      env: { SKEIN_LIMITS_PRESENCE_GRACE: "2m" },
    },
  )
})
afterAll(() => server.stop())

describe("signing in", () => {
  test("is confirmed with the user's data as it was signed, as a string", async () => {
    const client = await RawClient.connect(server)
    const { data } = await client.signIn({ id: "1", user_info: { name: "Ann" } })
    expect(typeof data).toBe("string")
    expect(JSON.parse(data as string)).toEqual({ user_data: '{"id":"1","user_info":{"name":"Ann"}}' })
  })

  test("as the same user again is fine, as another is not", async () => {
    const client = await RawClient.connect(server)
    await client.signIn({ id: "1" })
    await client.signIn({ id: "1" })
    const userData = '{"id":"2"}'
    const auth = `${APP.key}:${hmac(APP.secret, `${client.socketId}::user::${userData}`)}`
    client.sendEvent("pusher:signin", { auth, user_data: userData })
    expect((await client.error()).message).toContain("already signed in as another user")
  })

  test("is refused for a wrong signature and for data without an id", async () => {
    const client = await RawClient.connect(server)
    const userData = '{"id":"1"}'
    client.sendEvent("pusher:signin", { auth: `${APP.key}:${"0".repeat(64)}`, user_data: userData })
    expect((await client.error()).message).toContain(`${client.socketId}::user::${userData}`)
    for (const bad of ["{}", '{"id":""}', '{"id":5}', "[]", "x"]) {
      const auth = `${APP.key}:${hmac(APP.secret, `${client.socketId}::user::${bad}`)}`
      client.sendEvent("pusher:signin", { auth, user_data: bad })
      expect((await client.error()).message).toContain('"id"')
    }
  })
})

describe("watchlists", () => {
  test("begin with the state, then tell the first connection and the last", async () => {
    const watched = await RawClient.connect(server)
    await watched.signIn({ id: "here" })
    const watcher = await RawClient.connect(server)
    await watcher.signIn({ id: "me", watchlist: ["here", "away"] })
    const EVENTS = "pusher_internal:watchlist_events"
    expect(await watcher.nextData(EVENTS)).toEqual({
      events: [
        { name: "online", user_ids: ["here"] },
        { name: "offline", user_ids: ["away"] },
      ],
    })
    const [one, two] = [await RawClient.connect(server), await RawClient.connect(server)]
    await one.signIn({ id: "away" })
    expect(await watcher.nextData(EVENTS)).toEqual({ events: [{ name: "online", user_ids: ["away"] }] })
    await two.signIn({ id: "away" })
    one.close()
    await one.closing()
    expect(await watcher.settled()).toEqual([])
    two.close()
    expect(await watcher.nextData(EVENTS)).toEqual({ events: [{ name: "offline", user_ids: ["away"] }] })
  })

  test("beyond 100 users: signed in, told 4302, the first 100 are watched", async () => {
    const client = await RawClient.connect(server)
    await client.signIn({ id: "fan", watchlist: Array.from({ length: 101 }, (_, index) => `u${index}`) })
    expect((await client.error()).code).toBe(4302)
    const { events } = await client.nextData("pusher_internal:watchlist_events")
    expect(events[0].user_ids).toHaveLength(100)
  })
})

describe("terminate_connections", () => {
  test("closes what is signed in as that user, everywhere, and nothing else", async () => {
    const [one, two, other, anonymous] = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(server)))
    await one?.signIn({ id: "bad guy/ü" })
    await two?.signIn({ id: "bad guy/ü" })
    await other?.signIn({ id: "good" })
    const path = "/users/bad guy/ü/terminate_connections"
    expect((await call(server, "POST", path, { body: "{}" })).json).toEqual({})
    expect((await one?.closing())?.code).toBe(4009)
    expect((await two?.closing())?.code).toBe(4009)
    await other?.settled()
    await anonymous?.settled()
  })

  test("ends presence at once: who was told to stay away does not come back", async () => {
    const [banned, other] = [await RawClient.connect(server), await RawClient.connect(server)]
    await banned.signIn({ id: "banned" })
    await other.subscribe("presence-ban", { user_id: "other" })
    await banned.subscribe("presence-ban", { user_id: "banned" })
    await call(server, "POST", "/users/banned/terminate_connections", { body: "{}" })
    expect(await other.nextData("pusher_internal:member_removed")).toEqual({ user_id: "banned" })
  })

  test("takes ids as they are: escapes in a path are read once", async () => {
    const [escaped, other] = [await RawClient.connect(server), await RawClient.connect(server)]
    await escaped.signIn({ id: "50%25" })
    await other.signIn({ id: "50%" })
    await call(server, "POST", "/users/50%2525/terminate_connections", { body: "{}" })
    expect((await escaped.closing()).code).toBe(4009)
    await other.settled()
  })

  test("an app can have its users sign in again instead; those of other apps are other people", async () => {
    const client = await RawClient.connect(server, { app: OTHER_APP })
    await client.signIn({ id: "1" })
    const stranger = await RawClient.connect(server)
    await stranger.signIn({ id: "1" })
    await call(server, "POST", "/users/1/terminate_connections", { app: OTHER_APP, body: "{}" })
    expect((await client.closing()).code).toBe(4200)
    await stranger.settled()
    expect(stranger.closed).toBeUndefined()
  })
})

test("an app may demand authorized connections: 4009 for the others", async () => {
  const [stranger, signedIn, subscribed] = await Promise.all(
    [1, 2, 3].map(() => RawClient.connect(server, { app: OTHER_APP })),
  )
  await signedIn?.signIn({ id: "1" })
  await subscribed?.subscribe("private-a")
  await stranger?.subscribe("public")
  expect(await stranger?.closing()).toEqual({ code: 4009, reason: "Connection not authorized within timeout" })
  await signedIn?.settled()
  await subscribed?.settled()
})

test("subscribers are told how many they are, except in presence channels", async () => {
  const [one, two] = [await RawClient.connect(server), await RawClient.connect(server)]
  await one.subscribe("counted")
  expect(await one.nextData("pusher_internal:subscription_count", "counted")).toEqual({ subscription_count: 1 })
  await two.subscribe("counted")
  expect(await one.nextData("pusher_internal:subscription_count", "counted")).toEqual({ subscription_count: 2 })
  two.close()
  expect(await one.nextData("pusher_internal:subscription_count", "counted")).toEqual({ subscription_count: 1 })
  await one.subscribe("presence-counted", { user_id: "1" })
  await one.subscribe("counted-after")
  await one.next("pusher_internal:subscription_count", "counted-after")
  expect(await one.settled()).toEqual([])
})
