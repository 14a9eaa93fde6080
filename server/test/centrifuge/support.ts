import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Centrifuge, type Options, type Subscription } from "centrifuge"
import { Centrifuge as ProtobufCentrifuge } from "centrifuge/build/protobuf"
import { EventSource } from "eventsource"
import { type JWTPayload, SignJWT } from "jose"
import { TestServer, TOKEN_SECRET } from "../support/server.ts"

const CONFIG = `
[[channels]]
pattern = "room:*"
history_size = 100
presence = true
join_leave = true
subscribe = "anyone"
publish = "subscriber"

[[channels]]
pattern = "short:*"
history_size = 2
subscribe = "anyone"
publish = "anyone"

[[channels]]
pattern = "bytes:*"
history_size = 10
subscribe = "anyone"
publish = "subscriber"
binary = true

[[channels]]
pattern = "secret:*"
subscribe = "token"
publish = "subscriber"

[[channels]]
pattern = "#*"
history_size = 100
subscribe = "nobody"
`

/** Pings that a test can wait for. Only for tests about pings: a machine that stalls has its clients closed. */
export const QUICK_PINGS = { SKEIN_LIMITS_PING_INTERVAL: "1s", SKEIN_LIMITS_PONG_TIMEOUT: "900ms" }

/** The real server with the rules above. */
export async function startServer(env: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "skein-centrifuge-"))
  const file = join(folder, "skein.toml")
  writeFileSync(file, CONFIG)
  const server = await TestServer.start({
    args: ["--config", file],
    env: {
      SKEIN_CHAT_ENABLED: "false",
      SKEIN_PUSHER_ENABLED: "false",
      SKEIN_LOG_LEVEL: "error",
      ...env,
    },
  })
  rmSync(folder, { recursive: true, force: true })
  return server
}

/** A way the unmodified client reaches the server. */
export interface Way {
  readonly name: string
  readonly protobuf: boolean
  readonly transport: "websocket" | "http_stream" | "sse"
}

export const WAYS: readonly Way[] = [
  { name: "websocket, JSON", protobuf: false, transport: "websocket" },
  { name: "websocket, Protobuf", protobuf: true, transport: "websocket" },
  { name: "http_stream, JSON", protobuf: false, transport: "http_stream" },
  { name: "http_stream, Protobuf", protobuf: true, transport: "http_stream" },
  { name: "sse, JSON", protobuf: false, transport: "sse" },
]

export function newClient(
  server: TestServer,
  { protobuf, transport }: Way,
  options: Partial<Options> = {},
): Centrifuge {
  const endpoint = `${transport === "websocket" ? server.wsUrl : server.url}/connection/${transport}`
  const Client = protobuf ? (ProtobufCentrifuge as unknown as typeof Centrifuge) : Centrifuge
  return new Client([{ transport, endpoint }], {
    emulationEndpoint: `${server.url}/emulation`,
    eventsource: EventSource,
    fetch,
    readableStream: ReadableStream,
    minReconnectDelay: 10,
    maxReconnectDelay: 50,
    ...options,
  })
}

/** A payload as applications of that build give it: objects for JSON, bytes for Protobuf. */
export const payload = ({ protobuf }: Way, value: unknown): unknown =>
  protobuf ? new TextEncoder().encode(JSON.stringify(value)) : value

export const value = ({ protobuf }: Way, data: unknown): unknown =>
  protobuf ? JSON.parse(new TextDecoder().decode(data as Uint8Array)) : data

/** Everything a subscription tells its application, in order. */
export class Heard {
  readonly publications: unknown[] = []
  readonly offsets: (number | undefined)[] = []
  readonly joins: string[] = []
  readonly leaves: string[] = []
  readonly subscribed: { wasRecovering: boolean; recovered: boolean }[] = []
  readonly unsubscribed: number[] = []

  constructor(way: Way, subscription: Subscription) {
    subscription.on("publication", ({ data, offset }) => {
      this.publications.push(value(way, data))
      this.offsets.push(offset === undefined ? undefined : Number(offset))
    })
    subscription.on("join", ({ info }) => void this.joins.push(info.client))
    subscription.on("leave", ({ info }) => void this.leaves.push(info.client))
    subscription.on("subscribed", ({ wasRecovering, recovered }) => {
      this.subscribed.push({ wasRecovering, recovered })
    })
    subscription.on("unsubscribed", ({ code }) => void this.unsubscribed.push(code))
  }
}

/** A token as a site's back end signs it. @param expiresInSeconds - absent: never */
export function jwt(claims: JWTPayload, expiresInSeconds?: number): Promise<string> {
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256" })
  const ends =
    expiresInSeconds === undefined ? token : token.setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
  return ends.sign(new TextEncoder().encode(TOKEN_SECRET))
}
