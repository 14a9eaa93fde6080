import { type Finding, note, ok, problem } from "../finding.ts"
import { quote } from "./answer.ts"
import { conversation, type Heard } from "./conversation.ts"
import { type Target, withVersion } from "./target.ts"

const ANSWER_DEADLINE_MS = 5_000

export interface RoundTripOptions {
  readonly origin: string
  readonly token: string | undefined
  /** The address of a Pusher app of this server, below `base`: its key lets strangers stay. Undefined: none is known. */
  readonly appPath: string | undefined
  /** How long a connection is watched that has nothing to say; 0: not at all. */
  readonly idleMs: number
  /** Told while it is watched. */
  readonly progress: (text: string) => void
}

/** Frames there and back in the protocol itself, and how long the way holds a connection that is silent. */
export async function checkRoundTrip(target: Target, options: RoundTripOptions): Promise<Finding[]> {
  const line = new Line(target, options)
  try {
    const first = await line.first(ANSWER_DEADLINE_MS)
    if (first.kind === "welcome") return [tripFinding(first.tookMs), ...(await watch(line, first, options))]
    if (first.kind !== "refused") return [noAnswer(first)]
    if (target.language === "pusher") return [tripFinding(first.tookMs), refusedByApp(first)]
    return [tripFinding(first.tookMs), ...((await watchAsApp(target, options)) ?? [notLetIn(first.why)])]
  } finally {
    line.close()
  }
}

/** The silence of a client of a Pusher app, where others need proof of who they are. Undefined: could not be looked at. */
async function watchAsApp({ base }: Target, options: RoundTripOptions): Promise<Finding[] | undefined> {
  const { appPath, idleMs } = options
  if (!base || appPath === undefined || idleMs === 0) return undefined
  const line = new Line({ socket: withVersion(new URL(appPath, base)), language: "pusher", base }, options)
  try {
    const first = await line.first(ANSWER_DEADLINE_MS)
    if (first.kind !== "welcome") return undefined
    return [letInAsApp(appPath), ...(await watch(line, first, options))]
  } finally {
    line.close()
  }
}

const letInAsApp = (path: string): Finding =>
  note(
    "identity",
    `the server lets nobody in without proof of who they are: a silent connection was looked at as a Pusher client (${path})`,
  )

const tripFinding = (tookMs: number): Finding => ok("round-trip", `a question and its answer took ${tookMs} ms`)

const notLetIn = (why: string): Finding =>
  note(
    "identity",
    `the server lets nobody in without proof of who they are (${quote(why)}): how long the way holds a silent connection was not looked at`,
    'give a token: skein doctor ADDRESS --token "$(skein token --user doctor --ttl 5m)", or on the server\'s machine --config and --data as the server has them',
  )

/** Why an app closes the door, by Pusher's close code. */
const APP_REFUSALS: Readonly<Record<number, { readonly cause: string; readonly fix: string }>> = {
  4001: {
    cause: "the key in the address belongs to no app of this server",
    fix: "use a key of [[pusher_apps]] or pusher.app_key in skein.toml; without any, pusherKey in secrets.json of the data folder",
  },
  4003: { cause: "the app is switched off", fix: "enabled = true for it, in [[pusher_apps]]" },
  4004: { cause: "the app has as many connections as it may", fix: "raise max_connections of it, in [[pusher_apps]]" },
  4009: {
    cause: "the site whose pages connect is not among the origins of the app",
    fix: "add it to origins of the app, in [[pusher_apps]]",
  },
}

function refusedByApp({ why, code }: { why: string; code?: number }): Finding {
  const remedy = (code === undefined ? undefined : APP_REFUSALS[code]) ?? {
    cause: "the server did not take this for a client of the app",
    fix: "compare the address with what the page uses: wss://…/app/KEY, with wsPath in front",
  }
  return problem("pusher.app", `the app refuses this connection: ${quote(why)}`, remedy)
}

function noAnswer({ kind, code, reason }: { kind: "closed" | "nothing"; code?: number; reason?: string }): Finding {
  if (kind === "closed")
    return problem("round-trip", `the WebSocket was closed before an answer came (${code} ${quote(reason ?? "")})`, {
      cause: "a proxy or a firewall cuts WebSockets after the handshake, or something else than Skein answered it",
      fix: "look into the logs of the proxy and of the server for this moment",
    })
  return problem("round-trip", `the WebSocket opened, and ${ANSWER_DEADLINE_MS / 1_000} s later no answer had come`, {
    cause: "a proxy holds frames back (buffering, or a scanner of responses), or something else than Skein answered",
    fix: "nginx: proxy_buffering off; in a CDN switch WebSockets on for this host",
  })
}

async function watch(
  line: Line,
  { pingSeconds }: { pingSeconds?: number },
  options: RoundTripOptions,
): Promise<Finding[]> {
  const { idleMs, progress } = options
  if (idleMs === 0) return []
  const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`
  progress(`watching a silent connection for ${seconds(idleMs)} …`)
  const end = await line.watch(idleMs)
  if (!end) return [ok("idle", `a connection with nothing to say was still open after ${seconds(idleMs)}`)]
  if (end.code >= 3_000)
    return [
      note(
        "idle",
        `the server itself closed the connection after ${seconds(end.openMs)}: ${end.code} ${quote(end.reason)}`,
      ),
    ]
  const pings = pingSeconds ? `, while the server asks for a sign of life every ${pingSeconds} s` : ""
  return [
    problem(
      "idle",
      `the connection was cut after ${seconds(end.openMs)}, ${seconds(end.silentMs)} after the last word${pings} (${end.code} ${quote(end.reason)})`,
      {
        cause: "a proxy, load balancer or CDN on the way closes connections that are silent for that long, or that old",
        fix: "nginx: proxy_read_timeout 1h; HAProxy: timeout tunnel 1h; Apache: ProxyTimeout 3600; where it cannot be raised, set limits.ping_interval below it",
      },
    ),
  ]
}

type First =
  | (Heard & { readonly kind: "welcome" | "refused"; readonly tookMs: number })
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  | { readonly kind: "nothing" }

interface End {
  readonly code: number
  readonly reason: string
  readonly openMs: number
  readonly silentMs: number
}

/** A WebSocket as a browser would have it, that answers pings and says nothing else. */
class Line {
  readonly #socket: WebSocket
  readonly #startedMs = performance.now()
  #lastWordMs = performance.now()
  #first: First | undefined
  #end: End | undefined
  #changed: () => void = () => undefined

  constructor({ socket: url, language }: Target, { origin, token }: RoundTripOptions) {
    const { opening, hear } = conversation(language, token)
    const address = url.href.replace(/^http/, "ws")
    this.#socket = new WebSocket(address, { headers: { Origin: origin }, tls: { rejectUnauthorized: false } } as never)
    this.#socket.onopen = () => {
      this.#lastWordMs = performance.now()
      if (opening !== undefined) this.#socket.send(opening)
    }
    this.#socket.onmessage = ({ data }) => this.#heard(hear(String(data)))
    this.#socket.onclose = ({ code, reason }) => this.#closed(code, reason)
  }

  async first(deadlineMs: number): Promise<First> {
    await this.#until(() => this.#first !== undefined, deadlineMs)
    return this.#first ?? { kind: "nothing" }
  }

  /** Undefined: still open after that time. */
  async watch(forMs: number): Promise<End | undefined> {
    await this.#until(() => this.#end !== undefined, forMs)
    return this.#end
  }

  /** At once: whoever swallows frames would also swallow a farewell. */
  close(): void {
    this.#socket.terminate()
  }

  #heard(heard: Heard): void {
    const nowMs = performance.now()
    this.#lastWordMs = nowMs
    if (heard.kind === "ping") this.#socket.send(heard.answer)
    if (heard.kind === "welcome" || heard.kind === "refused")
      this.#first ??= { ...heard, tookMs: Math.round(nowMs - this.#startedMs) }
    this.#changed()
  }

  #closed(code: number, reason: string): void {
    const nowMs = performance.now()
    this.#end ??= { code, reason, openMs: nowMs - this.#startedMs, silentMs: nowMs - this.#lastWordMs }
    // Codes from 3000 on are Skein's own: it spoke, and had a reason not to let us in.
    this.#first ??=
      code >= 3_000
        ? { kind: "refused", why: reason, code, tookMs: Math.round(nowMs - this.#startedMs) }
        : { kind: "closed", code, reason }
    this.#changed()
  }

  async #until(holds: () => boolean, deadlineMs: number): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs)
      this.#changed = () => {
        if (!holds()) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
