import { afterAll, beforeAll, expect, test } from "bun:test"
import type { PusherStatus } from "../../src/app/pusher-status.ts"
import { runDoctor } from "../doctor/run-doctor.ts"
import { API_KEY, type TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, call, logs, OTHER_APP, RawClient, startServer, trigger } from "./support.ts"

/** An endpoint of the first app that answers as the test wants; the second has none. */
let status = 503
let site: ReturnType<typeof Bun.serve>
let server: TestServer

beforeAll(async () => {
  site = Bun.serve({ port: 0, fetch: () => new Response("", { status }) })
  const address = `http://user:site-password@127.0.0.1:${site.port}/hook?token=site-token`
  server = await startServer({ webhook_urls: [address] }, { channels: [{ pattern: "closed", history_size: 5 }] })
})
afterAll(async () => {
  await server.stop()
  site.stop(true)
})

const doctor = () => runDoctor(["--json", "--data", server.data, "--port", String(server.port)])

const statusOf = async (headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.url}/metrics/pusher`, { headers })
  return { status: response.status, text: await response.text() }
}
const statusNow = async () => JSON.parse((await statusOf()).text) as PusherStatus

test("nothing was refused: said so", async () => {
  const seen = await doctor()
  expect([seen.code, seen.problems, seen.warnings]).toEqual([0, [], []])
  expect(seen.about("pusher.refusals").severity).toBe("ok")
})

test("each refusal is in the log and in the doctor's findings, with what was wrong and what to do", async () => {
  const event = { body: { name: "e", channel: "a", data: "{}" } }
  const wrongs: [wrong: string, says: string, provoke: () => Promise<unknown>][] = [
    ["app", 'There is no app "9" here', () => trigger(server, "a", "e", "{}", {}, { ...APP, id: "9" })],
    ["key", 'the key belongs to app "2"', () => trigger(server, "a", "e", "{}", {}, { ...OTHER_APP, id: APP.id })],
    [
      "secret",
      'signed with a secret of app "2"',
      () => trigger(server, "a", "e", "{}", {}, { ...APP, secret: OTHER_APP.secret }),
    ],
    [
      "clock",
      "auth_timestamp 1 is not within 600 s",
      () => call(server, "POST", "/events", { ...event, timestamp: 1 }),
    ],
    [
      "body",
      "another MD5",
      () => call(server, "POST", "/events", { ...event, spoil: (query) => ({ ...query, body_md5: "0".repeat(32) }) }),
    ],
    ["limit", "102400 bytes", () => trigger(server, "a", "e", "x".repeat(102_401))],
    ["channel", 'it was made for channel "x", without the prefix "private-"', () => subscribeSigned("x")],
    ["socket_id", "which this client had before it reconnected", subscribeAfterReconnect],
    ["protocol", "protocol must be an integer", () => open("protocol=x")],
    ["permission", 'the rule "closed" in [[channels]] has subscribe = "token"', subscribeClosed],
  ]
  for (const [, , provoke] of wrongs) await provoke()
  const seen = await doctor()
  expect([seen.code, seen.problems]).toEqual([0, []])
  for (const [wrong, says] of wrongs) {
    const finding = seen.about(`pusher.refused.${wrong}`)
    expect(finding.says).toContain(says)
    expect(finding.fix).not.toBe("")
    expect(finding.severity).toBe(["limit", "socket_id", "permission"].includes(wrong) ? "note" : "warning")
    await logs(server, `"wrong":"${wrong}"`)
  }
  for (const secret of [APP.secret, OTHER_APP.secret]) {
    expect(seen.stdout).not.toContain(secret)
    expect(server.log).not.toContain(secret)
  }
}, 60_000)

test("a connection with a key of nobody is no app's: it is named in the log, and the client is not told more", async () => {
  const client = RawClient.open(server, "/app/stranger?protocol=7")
  expect((await client.error()).message).not.toContain("stranger")
  await logs(server, 'no app has the key \\"stranger\\"')
  expect((await statusNow()).refusals).toContainEqual(
    expect.objectContaining({ what: "connection", wrong: "key", count: 1 }),
  )
})

test("webhooks that do not arrive: which endpoint, why, how many wait and how long; well again, it says so", async () => {
  const client = await RawClient.connect(server)
  await client.subscribe("watched")
  const endpoint = async () => (await statusNow()).webhooks?.endpoints[0]
  await until(async () => ((await endpoint())?.failures_in_a_row ?? 0) > 0, "a failure", 20_000)
  const failing = (await doctor()).about("webhooks.failing")
  expect(failing.severity).toBe("warning")
  expect(failing.says).toMatch(
    /^webhooks of app 1 to http:\/\/…@127\.0\.0\.1:\d+\/hook\?…: .*answered 503.*waiting: [1-9]/,
  )
  expect(JSON.stringify(await endpoint())).not.toMatch(/site-password|site-token/)
  status = 204
  const isDelivered = async () => {
    const { delivered = 0, waiting = 0 } = (await endpoint()) ?? {}
    return delivered > 0 && waiting === 0
  }
  await until(isDelivered, "everything is delivered", 30_000)
  expect((await doctor()).about("webhooks").says).toContain("waiting: 0")
}, 90_000)

test("the state of the apps is for this machine and for holders of the API key", async () => {
  const proxied = { "X-Forwarded-For": "203.0.113.7" }
  expect((await statusOf(proxied)).status).toBe(401)
  expect((await statusOf({ ...proxied, "X-API-Key": API_KEY })).status).toBe(200)
})

async function open(query: string): Promise<void> {
  await RawClient.open(server, `/app/${APP.key}?${query}`).closing()
}

/** Subscribes to private-x with a signature that was made for another name. */
async function subscribeSigned(signedName: string): Promise<void> {
  const client = await RawClient.connect(server)
  client.sendEvent("pusher:subscribe", { channel: "private-x", auth: client.sign(signedName) })
  await client.error()
}

async function subscribeClosed(): Promise<void> {
  const client = await RawClient.connect(server)
  client.sendEvent("pusher:subscribe", { channel: "closed", auth: "" })
  expect((await client.error()).message).toBe('this client may not subscribe to "closed"')
}

async function subscribeAfterReconnect(): Promise<void> {
  const before = await RawClient.connect(server)
  const auth = before.sign("private-x")
  before.close()
  await before.closing()
  const client = await RawClient.connect(server)
  client.sendEvent("pusher:subscribe", { channel: "private-x", auth })
  await client.error()
}
