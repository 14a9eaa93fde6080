import { connect, isIP, type Socket } from "node:net"
import { connect as connectTls, TLSSocket } from "node:tls"

/** An answer as it came, whatever it is. */
export interface Answer {
  readonly kind: "answer"
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** The first bytes of it. */
  readonly body: string
  /** When the answer was complete, and how long it took. */
  readonly atMs: number
  readonly tookMs: number
}

/** No HTTP answer. `code` is the system's or TLS's name of it; `http2`: the other side spoke HTTP/2 unasked. */
export interface Silence {
  readonly kind: "silence"
  readonly stage: "connect" | "tls" | "answer"
  readonly code: "ETIMEDOUT" | "CLOSED" | "HTTP2" | "NOT_HTTP" | string
}

export type Outcome = Answer | Silence

const DEADLINE_MS = 10_000
const MAX_BYTES = 65_536

/** One GET with exactly these headers on a connection of its own, over HTTP/1.1; no redirect is followed. */
export async function exchange(
  url: URL,
  headers: Readonly<Record<string, string>>,
  deadlineMs = DEADLINE_MS,
): Promise<Outcome> {
  const outcome = await attempt(url, headers, deadlineMs)
  const isMute = outcome.kind === "silence" && outcome.stage === "answer" && url.protocol === "https:"
  // Some servers of HTTP/2 drop what they do not understand before a frame of theirs gets through.
  return isMute && (await speaksHttp2(url)) ? { ...outcome, code: "HTTP2" } : outcome
}

function attempt(url: URL, headers: Readonly<Record<string, string>>, deadlineMs: number): Promise<Outcome> {
  const startedMs = Date.now()
  return new Promise((resolve) => {
    let stage: Silence["stage"] = "connect"
    let bytes = Buffer.alloc(0)
    const socket = open(url, ["http/1.1"], () => {
      stage = "answer"
      socket.write(requestText(url, headers))
    })
    const settle = (code: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(readAnswer(bytes, startedMs) ?? { kind: "silence", stage, code: codeOf(bytes, code) })
    }
    const timer = setTimeout(() => settle("ETIMEDOUT"), deadlineMs)
    socket.once("connect", () => {
      if (url.protocol === "https:" && stage === "connect") stage = "tls"
    })
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (isWhole(bytes) || bytes.length > MAX_BYTES) settle("CLOSED")
    })
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    socket.once("close", () => settle("CLOSED"))
  })
}

/** What it chooses when it is offered nothing but HTTP/2. */
function speaksHttp2(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open(url, ["h2"], () => settle(socket instanceof TLSSocket && socket.alpnProtocol === "h2"))
    const timer = setTimeout(() => settle(false), DEADLINE_MS)
    const settle = (does: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(does)
    }
    socket.once("error", () => settle(false))
  })
}

function open(url: URL, protocols: readonly string[], opened: () => void): Socket {
  const host = bareHost(url)
  const port = portOf(url)
  if (url.protocol === "http:") return connect({ host, port }, opened)
  // Trust is judged on its own (certificate.ts): with a bad certificate there may be more to find.
  const names = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ...names, rejectUnauthorized: false, ALPNProtocols: [...protocols] }, opened)
}

/** Without the brackets of an IPv6 address. */
export const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1")

export const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === "https:" ? 443 : 80))

function requestText(url: URL, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Host: url.host, "User-Agent": "skein-doctor", ...headers })
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.map(([name, text]) => `${name}: ${text}\r\n`).join("")}\r\n`
}

function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return codeOf(bytes, "") === "HTTP2"
  const head = bytes.toString("latin1", 0, end)
  if (/^HTTP\/1\.\d (101|204|304) /.test(head)) return true
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (length !== undefined) return bytes.length >= end + 4 + Number(length)
  return /^transfer-encoding: *chunked/im.test(head) && bytes.subarray(-5).toString() === "0\r\n\r\n"
}

function readAnswer(bytes: Buffer, startedMs: number): Answer | undefined {
  const end = bytes.indexOf("\r\n\r\n")
  const [first = "", ...lines] = bytes.toString("latin1", 0, Math.max(end, 0)).split("\r\n")
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1])
  if (!status) return undefined
  const headers = new Map(lines.map((line) => [nameOf(line), line.slice(line.indexOf(":") + 1).trim()]))
  const atMs = Date.now()
  const raw = bytes.toString("utf8", end + 4)
  const body =
    headers.get("transfer-encoding") === "chunked" ? raw.replace(/^[0-9a-f]+\r\n|\r\n[0-9a-f]+\r\n/gi, "") : raw
  return { kind: "answer", status, headers, body, atMs, tookMs: atMs - startedMs }
}

const nameOf = (line: string): string => line.slice(0, line.indexOf(":")).toLowerCase()

/** Frames a server of HTTP/2 begins with, or ends with at once: SETTINGS and GOAWAY, on stream 0. */
const HTTP2_BEGINNINGS = [4, 7]

function codeOf(bytes: Buffer, code: string): string {
  if (bytes.length >= 9 && HTTP2_BEGINNINGS.includes(bytes[3] ?? 0) && bytes.readUInt32BE(5) === 0) return "HTTP2"
  if (code.includes("NO_APPLICATION_PROTOCOL")) return "HTTP2"
  return bytes.length > 0 && code === "CLOSED" ? "NOT_HTTP" : code
}
