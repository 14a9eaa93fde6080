import { connect, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"

export interface Visit {
  /** Where the front listens on 127.0.0.1. */
  readonly port: number
  /** As a browser names the site. */
  readonly host: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** The client's own address, any of 127.0.0.0/8. */
  readonly from?: string
  readonly tls?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** What had come of the body with the head; all of it when the server closed. */
  readonly body: string
  /** Open only after an upgrade. */
  readonly socket: Socket
}

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}

/** Asks for a WebSocket; the socket stays open when it is granted (101). */
export const upgrade = (visit: Visit): Promise<Answer> => ask(visit, UPGRADE)

/** One GET on a connection of its own. */
export const get = (visit: Visit): Promise<Answer> => ask(visit, { connection: "close" })

function ask({ port, host, path, headers = {}, from = "127.0.0.1", tls = true }: Visit, more: object): Promise<Answer> {
  const tcp = connect({ port, host: "127.0.0.1", localAddress: from })
  const socket = tls ? connectTls({ socket: tcp, servername: host, rejectUnauthorized: false }) : tcp
  const lines = Object.entries({ host: `${host}:${port}`, ...more, ...headers }).map(
    ([name, text]) => `${name}: ${text}`,
  )
  socket.write([`GET ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n"))
  return new Promise((resolve, reject) => {
    let text = ""
    const settle = () => {
      const answer = parse(text, socket)
      if (answer) resolve(answer)
      else reject(new Error(`no HTTP answer, but ${JSON.stringify(text.slice(0, 200))}`))
    }
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1")
      if (isWhole(text)) settle()
    })
    socket.once("error", reject)
    socket.once("close", settle)
  })
}

/** An upgrade ends with its head; an answer with a known length, where that is reached. Others end with the connection. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return false
  const head = text.slice(0, end)
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (length !== undefined) return text.length >= end + 4 + Number(length)
  return (
    /^HTTP\/1\.1 101 /.test(head) || (/^transfer-encoding: *chunked/im.test(head) && text.endsWith("\r\n0\r\n\r\n"))
  )
}

function parse(text: string, socket: Socket): Answer | undefined {
  const end = text.indexOf("\r\n\r\n")
  const [first = "", ...lines] = text.slice(0, Math.max(0, end)).split("\r\n")
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
  if (!status) return undefined
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  )
  return { status, headers, body: text.slice(end + 4), socket }
}
