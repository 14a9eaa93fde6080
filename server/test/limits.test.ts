import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SETTING_BY_NAME } from "../src/config/catalogue.ts"
import { LIMIT_NAMES, type LimitName } from "../src/core/limits.ts"
import { frame, handshake, RawClient } from "./plain/raw-client.ts"
import { ScriptClient } from "./plain/script-client.ts"
import { API_KEY, TestServer } from "./support/server.ts"
import { until } from "./support/until.ts"

/**
 * Promise P6: every bound has a default and a name in the configuration, an answer that says the name, and a metric
 * that counts it under that name.
 */
const CHANNELS = `
[[channels]]
pattern = "public:*"
subscribe = "anyone"
publish = "anyone"
`

const SMALL = {
  SKEIN_LIMITS_MAX_FRAME_BYTES: "8192",
  SKEIN_LIMITS_MAX_PAYLOAD_BYTES: "1000",
  SKEIN_LIMITS_MAX_OUTBOUND_BYTES: "65536",
  SKEIN_LIMITS_MAX_CHANNELS_PER_CONNECTION: "3",
  SKEIN_LIMITS_MAX_CHANNEL_LENGTH: "40",
  SKEIN_LIMITS_MAX_CONNECTIONS: "30",
  SKEIN_LIMITS_MAX_CONNECTIONS_PER_USER: "2",
  SKEIN_LIMITS_MAX_CONNECTIONS_PER_IP: "2",
  SKEIN_LIMITS_MESSAGES_PER_SECOND: "1",
  SKEIN_LIMITS_MESSAGE_BURST: "20",
  SKEIN_LIMITS_SUBSCRIBES_PER_SECOND: "1",
  SKEIN_LIMITS_SUBSCRIBE_BURST: "10",
  // Long enough for a machine that stalls: whoever shall miss the second of them has to keep the first.
  SKEIN_LIMITS_CONNECT_TIMEOUT: "2s",
  SKEIN_LIMITS_PING_INTERVAL: "2s",
  SKEIN_LIMITS_PONG_TIMEOUT: "1900ms",
  SKEIN_CHAT_GUESTS_PER_MINUTE: "1",
  SKEIN_CHAT_GUEST_BURST: "3",
  SKEIN_CHAT_MESSAGES_PER_SECOND: "1",
  SKEIN_CHAT_MESSAGE_BURST: "5",
}

const folder = mkdtempSync(join(tmpdir(), "skein-limits-"))
let server: TestServer
const raws: RawClient[] = []

beforeAll(async () => {
  const config = join(folder, "skein.toml")
  writeFileSync(config, CHANNELS)
  server = await TestServer.start({
    args: ["--config", config],
    // In development programs of this machine are the back end, which rates do not bind.
    env: {
      ...SMALL,
      SKEIN_MODE: "production",
      SKEIN_AUTH_TRUST_USER_ID: "anywhere",
      SKEIN_AUTH_GUESTS: "anywhere",
      SKEIN_AUTH_ALLOW_ANONYMOUS: "true",
      SKEIN_SERVER_TRUSTED_PROXIES: "127.0.0.1",
      SKEIN_LOG_LEVEL: "info",
      SKEIN_LOG_FORMAT: "json",
    },
  })
})

afterAll(async () => {
  for (const raw of raws) raw.socket.destroy()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function raw(path: string, headers: Record<string, string> = {}): Promise<RawClient> {
  const client = new RawClient(server.port)
  raws.push(client)
  client.write(handshake(path, headers))
  await client.answered()
  return client
}

const script = (path = "/ws") => ScriptClient.open(server.wsUrl + path)

async function counted(name: LimitName): Promise<number> {
  const response = await fetch(`${server.url}/metrics`, { headers: { "X-API-Key": API_KEY } })
  const text = await response.text()
  const escaped = name.replaceAll(".", "\\.")
  const found = new RegExp(`^skein_limits_total\\{limit="${escaped}"\\} (\\d+)$`, "m").exec(text)
  if (!found) throw new Error(`no metric for ${name} in:\n${text}`)
  return Number(found[1])
}

/** Does what meets the bound, and gives what the client is told. */
const PROVOKED: Partial<Record<LimitName, () => Promise<string>>> = {
  "limits.max_payload_bytes": async () => {
    const { error } = await server.api("publish", { channel: "public:x", data: "x".repeat(1_001) })
    return error?.message ?? ""
  },
  "limits.max_channel_length": async () => {
    const { error } = await server.api("publish", { channel: "x".repeat(41), data: 1 })
    return error?.message ?? ""
  },
  "limits.max_channels_per_connection": async () => {
    const client = await script()
    // The lobby is one of them.
    for (const channel of ["public:a", "public:b", "public:c"]) client.command({ type: "subscribe", channel })
    const answers = [await client.nextJson(), await client.nextJson(), await client.nextJson()]
    client.close()
    return String(answers.at(-1)?.message)
  },
  "limits.max_connections_per_user": async () => {
    const clients = [
      await script("/ws?user_id=many"),
      await script("/ws?user_id=many"),
      await script("/ws?user_id=many"),
    ]
    const { message } = await (clients[2] as ScriptClient).nextJson()
    for (const client of clients) client.close()
    return String(message)
  },
  "limits.max_connections_per_ip": async () => {
    const from = { "X-Forwarded-For": "203.0.113.9" }
    await raw("/ws", from)
    await raw("/ws", from)
    const third = await raw("/ws", from)
    expect(third.status).toBe(429)
    await until(() => third.closed, "the answer is whole")
    return third.received.toString()
  },
  "limits.messages_per_second": async () => {
    const client = await script()
    for (let n = 0; n < 21; n++) client.command({ type: "ping" })
    await until(() => client.frames.length === 21, "every ping is answered")
    client.close()
    return String(client.frames.at(-1))
  },
  "limits.subscribes_per_second": async () => {
    const client = await script()
    for (let n = 0; n < 11; n++) client.command({ type: "history", limit: 1 })
    await until(() => client.frames.length === 11, "every command is answered")
    client.close()
    return String(client.frames.at(-1))
  },
}

/** Met bounds that end a connection; what is said is a close code. */
const ENDED: Partial<Record<LimitName, () => Promise<unknown>>> = {
  "limits.max_frame_bytes": async () => {
    const client = await script()
    client.say("x".repeat(8_193))
    expect(await client.gone()).toMatchObject({ code: 1009 })
  },
  "limits.connect_timeout": async () => {
    const client = await raw("/connection/websocket")
    expect(await until(() => client.closeCode, "the close")).toBe(3502)
  },
  "limits.pong_timeout": async () => {
    const client = await raw("/connection/websocket")
    client.write(frame('{"id":1,"connect":{}}'))
    expect(await until(() => client.closeCode, "the close")).toBe(3012)
  },
  "limits.max_outbound_bytes": async () => {
    const client = await raw("/ws")
    client.write(frame('{"type":"subscribe","channel":"public:slow"}'))
    await until(() => client.texts.length > 0, "the answer")
    client.socket.pause()
    const data = "x".repeat(900)
    const publications = Array.from({ length: 200 }, () => ({ publish: { channel: "public:slow", data } }))
    await until(
      async () => {
        await server.api("batch", { commands: publications, parallel: true })
        return server.log.includes("closed a client that did not read")
      },
      "the reader that does not read is closed",
      30_000,
    )
  },
}

describe("every bound that can be met", () => {
  test("is a setting, with a default, and has a metric from the start", async () => {
    for (const name of LIMIT_NAMES) {
      expect(SETTING_BY_NAME.get(name)?.doc.defaultNote ?? SETTING_BY_NAME.get(name)?.doc).toBeDefined()
      expect(await counted(name)).toBeGreaterThanOrEqual(0)
    }
  })

  for (const [name, provoke] of Object.entries(PROVOKED) as [LimitName, () => Promise<string>][])
    test(`${name}: the answer says the setting, the metric counts it`, async () => {
      const before = await counted(name)
      expect(await provoke()).toContain(`(${name})`)
      expect(await counted(name)).toBe(before + 1)
    })

  test("limits.messages_per_second binds centrifuge clients in the same words", async () => {
    const name = "limits.messages_per_second"
    const before = await counted(name)
    const client = await raw("/connection/websocket")
    const publishes = Array.from({ length: 21 }, (_, n) => `{"id":${n + 2},"publish":{"channel":"public:x","data":1}}`)
    client.write(frame(['{"id":1,"connect":{}}', ...publishes].join("\n")))
    const refusal = await until(() => client.texts.join("\n").match(/"error":\{[^}]*\}/)?.[0], "a refusal")
    expect(refusal).toContain(`(${name})`)
    expect(await counted(name)).toBeGreaterThan(before)
    client.socket.destroy()
  })

  test("chat.guests_per_minute: an IPv6 network is one visitor, however many addresses it has", async () => {
    const guest = async (address: string): Promise<string> => {
      const response = await fetch(`${server.url}/chat/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Forwarded-For": address },
        body: JSON.stringify({ name: `From ${address}` }),
      })
      return `${response.status} ${await response.text()}`
    }
    const answers: string[] = []
    for (let host = 1; host <= 6; host++) answers.push(await guest(`2001:db8:1:2::${host}`))
    expect(answers.filter((answer) => answer.startsWith("429")).join()).toContain("(chat.guests_per_minute)")
    expect(await guest("2001:db8:1:3::1")).toStartWith("200")
  })

  test("chat.messages_per_second: those who speak without a name are one person per network, however often they come", async () => {
    const name = "chat.messages_per_second"
    const before = await counted(name)
    /** What somebody is answered who says as much as one person may, and then something that is always answered. */
    const answers = async (address: string): Promise<string[]> => {
      const client = await ScriptClient.open(`${server.wsUrl}/ws`, { "X-Forwarded-For": address })
      for (let n = 0; n < 5; n++) client.say(`line ${n}`)
      client.command({ type: "ping" })
      await until(() => client.frames.includes('{"type":"pong"}'), "the answer to what came last")
      client.close()
      return client.frames.map(String)
    }
    let host = 0
    const refusal = await until(async () => {
      const told = await answers(`2001:db8:1:4::${++host}`)
      return told.find((text) => text.includes('"type":"error"'))
    }, "a refusal")
    expect(refusal).toContain(`(${name})`)
    expect(await counted(name)).toBeGreaterThan(before)
    expect(await answers("2001:db8:1:5::1")).toEqual(['{"type":"pong"}'])
  })

  for (const [name, provoke] of Object.entries(ENDED) as [LimitName, () => Promise<unknown>][])
    test(`${name}: the connection ends, the metric counts it`, async () => {
      const before = await counted(name)
      await provoke()
      await until(async () => (await counted(name)) > before, "it is counted")
    }, 60_000)

  test("limits.max_connections: the next one hears why, with 503", async () => {
    const name = "limits.max_connections"
    const before = await counted(name)
    const refused = await until(
      async () => {
        const client = await raw("/ws")
        return client.status === 503 && client
      },
      "the server is full",
      20_000,
    )
    await until(() => refused.closed, "the answer is whole")
    expect(refused.received.toString()).toContain(`holds its 30 connections already (${name})`)
    expect(await counted(name)).toBe(before + 1)
  })
})
