import { createHash, createHmac } from "node:crypto"
import PusherServer from "pusher"
import { type ServerOptions, TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"

export const APP = { id: "1", key: "app-key-one", secret: "app-secret-one-0123456789" }
export const OTHER_APP = { id: "2", key: "app-key-two", secret: "app-secret-two-0123456789" }

type AppSettings = Readonly<Record<string, unknown>>

/** The real program with two apps; the first shares its channels with the other protocols. */
export function startServer(
  app: AppSettings = {},
  options: ServerOptions & { channels?: readonly object[]; otherApp?: AppSettings } = {},
): Promise<TestServer> {
  const { channels, otherApp, ...rest } = options
  return TestServer.start({
    ...rest,
    env: {
      SKEIN_PUSHER_APPS: JSON.stringify([
        { ...APP, shares_channels: true, ...app },
        { ...OTHER_APP, ...otherApp },
      ]),
      ...(channels === undefined ? {} : { SKEIN_CHANNELS: JSON.stringify(channels) }),
      ...options.env,
    },
  })
}

/** Pusher's library for back ends, unmodified, with the server's own address. */
export const backEndOf = (
  server: TestServer,
  app = APP,
  more: { encryptionMasterKeyBase64?: string } = {},
): PusherServer =>
  new PusherServer({
    appId: app.id,
    key: app.key,
    secret: app.secret,
    host: "127.0.0.1",
    port: String(server.port),
    useTLS: false,
    ...more,
  })

/** What the server writes may arrive a little later than what it answers. */
export const logs = (server: TestServer, text: string) => until(() => server.log.includes(text), `${text} in the log`)

export const hmac = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("hex")

export interface WireFrame {
  readonly event: string
  readonly channel?: string
  readonly data: unknown
  readonly user_id?: string
}

/** A code is a number or null: the Java client falls over anything else. */
function isErrorData(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false
  const { code, message } = data as { code?: unknown; message?: unknown }
  return (code === null || Number.isInteger(code)) && typeof message === "string"
}

/** A client that shows every byte. */
export class RawClient {
  readonly frames: WireFrame[] = []
  closed: { code: number; reason: string } | undefined
  socketId = ""
  readonly #socket: WebSocket
  readonly #app: typeof APP
  #unsound: WireFrame | undefined

  private constructor(url: string, app: typeof APP) {
    this.#app = app
    this.#socket = new WebSocket(url)
    this.#socket.onmessage = ({ data }) => this.#received(JSON.parse(data as string))
    this.#socket.onclose = ({ code, reason }) => {
      this.closed = { code, reason }
    }
  }

  /** Every frame of every test is looked at: data is a JSON string, in errors alone an object, and never missing. */
  #received(frame: WireFrame): void {
    const { event, data } = frame
    const isSound = event === "pusher:error" ? isErrorData(data) : typeof data === "string"
    if (!isSound) this.#unsound ??= frame
    this.frames.push(frame)
  }

  #ensureSound(): void {
    if (this.#unsound) throw new Error(`data of a frame is of the wrong kind: ${JSON.stringify(this.#unsound)}`)
  }

  /** Opens a socket and waits for nothing. */
  static open(server: TestServer, path: string, app = APP): RawClient {
    return new RawClient(`${server.wsUrl}${path}`, app)
  }

  /** Connects as a stock client does and waits for its socket id. */
  static async connect(
    server: TestServer,
    { app = APP, path, version = 7 }: { app?: typeof APP; path?: string; version?: number } = {},
  ): Promise<RawClient> {
    const query = `protocol=${version}&client=js&version=8.6.0&flash=false`
    const client = RawClient.open(server, `${path ?? `/app/${app.key}`}?${query}`, app)
    const { data } = await client.next("pusher:connection_established")
    client.socketId = JSON.parse(data as string).socket_id
    return client
  }

  /** Waits for the first frame of this event that has not been taken yet, and takes it. */
  async next(event: string, channel?: string): Promise<WireFrame> {
    const isIt = (frame: WireFrame) => frame.event === event && (channel === undefined || frame.channel === channel)
    const what = `${event}${channel ? ` on ${channel}` : ""}; got ${JSON.stringify(this.frames)}, ${JSON.stringify(this.closed)}`
    await until(() => this.frames.some(isIt), what)
    this.#ensureSound()
    return this.frames.splice(this.frames.findIndex(isIt), 1)[0] as WireFrame
  }

  /** The data of the next such frame, decoded from its string. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  async nextData(event: string, channel?: string): Promise<Record<string, any>> {
    return JSON.parse((await this.next(event, channel)).data as string)
  }

  /** Everything that has arrived when the server has answered once more: what is not there now does not come. */
  async settled(): Promise<WireFrame[]> {
    this.sendEvent("pusher:ping", {})
    await this.next("pusher:pong")
    return this.frames
  }

  async error(): Promise<{ code: number | null; message: string }> {
    return (await this.next("pusher:error")).data as never
  }

  closing(): Promise<{ code: number; reason: string }> {
    return until(() => this.closed, "the server closes")
  }

  sendText(text: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(text)
  }

  sendEvent(event: string, data: unknown, channel?: string): void {
    this.sendText(JSON.stringify({ event, ...(channel === undefined ? {} : { channel }), data }))
  }

  sign(channel: string, channelData?: string, secret = this.#app.secret): string {
    const text =
      channelData === undefined ? `${this.socketId}:${channel}` : `${this.socketId}:${channel}:${channelData}`
    return `${this.#app.key}:${hmac(secret, text)}`
  }

  /** Subscribes with everything a channel of that name needs and waits until that is done. */
  async subscribe(channel: string, member?: object): Promise<WireFrame> {
    const channelData = member === undefined ? undefined : JSON.stringify(member)
    const needsAuth = /^(private|presence)-/.test(channel)
    this.sendEvent("pusher:subscribe", {
      channel,
      auth: needsAuth ? this.sign(channel, channelData) : "",
      ...(channelData === undefined ? {} : { channel_data: channelData }),
    })
    return this.next("pusher_internal:subscription_succeeded", channel)
  }

  async signIn(user: object): Promise<WireFrame> {
    const userData = JSON.stringify(user)
    const auth = `${this.#app.key}:${hmac(this.#app.secret, `${this.socketId}::user::${userData}`)}`
    this.sendEvent("pusher:signin", { auth, user_data: userData })
    return this.next("pusher:signin_success")
  }

  close(): void {
    this.#socket.close()
  }

  /** As a pulled cable: no close frame. */
  terminate(): void {
    this.#socket.terminate()
  }
}

export interface CallOptions {
  readonly app?: typeof APP
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Changes the signed query, to break it. */
  readonly spoil?: (query: Record<string, string>) => Record<string, string>
  readonly timestamp?: number
}

/** A signed request of a back end. */
export async function call(server: TestServer, method: string, path: string, options: CallOptions = {}) {
  const { app = APP, query = {}, body, timestamp = Math.floor(Date.now() / 1_000) } = options
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body)
  const params: Record<string, string> = {
    ...query,
    auth_key: app.key,
    auth_timestamp: String(timestamp),
    auth_version: "1.0",
    ...(text === "" ? {} : { body_md5: createHash("md5").update(text).digest("hex") }),
  }
  const fullPath = `/apps/${app.id}${path}`
  const signed = Object.keys(params)
    .sort()
    .map((key) => `${key}=${params[key]}`)
    .join("&")
  const all = { ...params, auth_signature: hmac(app.secret, `${method}\n${fullPath}\n${signed}`) }
  const sent = options.spoil?.(all) ?? all
  const response = await fetch(
    `${server.url}${fullPath}?${new URLSearchParams(sent).toString().replaceAll("+", "%20")}`,
    {
      method,
      ...(text === "" ? {} : { body: text, headers: { "Content-Type": "application/json" } }),
    },
  )
  const answer = await response.text()
  return { status: response.status, text: answer, json: response.ok ? successOf(response, path, answer) : undefined }
}

/** Every success of every test is looked at: PHP's library takes 200 and a JSON object for one, and nothing else. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
function successOf({ status, headers }: Response, path: string, answer: string): any {
  const json: unknown = JSON.parse(answer)
  const isDeprecated = /^\/channels\/[^/]+\/events$/.test(path)
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json)
  if (
    status !== (isDeprecated ? 202 : 200) ||
    !isObject ||
    !headers.get("content-type")?.startsWith("application/json")
  )
    throw new Error(`${path} answered ${status} ${headers.get("content-type")} ${answer}`)
  return json
}

export const trigger = (
  server: TestServer,
  channel: string,
  name: string,
  data: string,
  more: object = {},
  app = APP,
) => call(server, "POST", "/events", { app, body: { name, channel, data, ...more } })
