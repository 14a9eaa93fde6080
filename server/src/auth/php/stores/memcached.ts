import { connect, type Socket } from "node:net"
import { READ_LIMITS } from "../reading.ts"
import type { SessionStore, StoredSession } from "../store.ts"
import { storeOutage, within } from "./outage.ts"

/** The path is that of a Unix socket. */
export type MemcachedServer = { readonly host: string; readonly port: number } | { readonly path: string }

const MAX_KEY_LENGTH = 250
/** What a reply may have before the value: `VALUE <key> <flags> <bytes>`. */
const MAX_LINE_LENGTH = 512

/**
 * Sessions in memcached. Each server is asked until one has the session: PHP's choice of server depends on settings
 * (ketama, weights, replicas), and a session is read seldom.
 *
 * Speaks the one command it needs itself, `get` of the text protocol: clients on npm speak the binary protocol, which
 * memcached has deprecated, and none bounds the size of an answer.
 */
export function memcachedStore(servers: readonly MemcachedServer[], timeoutMs: number): SessionStore {
  const lines = servers.map((server) => new MemcachedLine(server))
  return {
    async read(key) {
      if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH) return undefined
      const answers = await Promise.allSettled(lines.map((line) => line.get(key, timeoutMs)))
      const found = answers.find((answer) => answer.status === "fulfilled" && answer.value !== undefined)
      if (found?.status === "fulfilled") return found.value
      // A server that is down might be the one that has it.
      const failed = answers.find((answer) => answer.status === "rejected")
      if (failed) throw storeOutage("memcached", failed.reason)
      return undefined
    },
    async close() {
      for (const line of lines) line.close()
    },
  }
}

interface Waiting {
  resolve(answer: StoredSession | undefined): void
  reject(error: Error): void
}

/** One connection to one server, made when first needed and again after it broke. Answers come in the order asked. */
class MemcachedLine {
  readonly #server: MemcachedServer
  #socket: Socket | undefined
  #waiting: Waiting[] = []
  #received: Buffer = Buffer.alloc(0)

  constructor(server: MemcachedServer) {
    this.#server = server
  }

  async get(key: string, timeoutMs: number): Promise<StoredSession | undefined> {
    const answer = new Promise<StoredSession | undefined>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#connected().write(`get ${key}\r\n`)
    try {
      return await within(timeoutMs, answer)
    } catch (error) {
      // The next answer on this connection would be taken for that of the next question.
      this.#break(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  close(): void {
    this.#break(new Error("closed"))
  }

  #connected(): Socket {
    if (this.#socket) return this.#socket
    const socket = connect(this.#server)
    socket.setNoDelay(true)
    socket.on("data", (bytes) => this.#take(socket, bytes))
    socket.on("error", (error) => this.#socket === socket && this.#break(error))
    socket.on("close", () => this.#socket === socket && this.#break(new Error("memcached closed the connection")))
    this.#socket = socket
    return socket
  }

  #take(socket: Socket, bytes: Buffer): void {
    if (this.#socket !== socket) return
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    try {
      for (let reply = readReply(this.#received); reply; reply = readReply(this.#received)) {
        this.#received = this.#received.subarray(reply.length)
        this.#waiting.shift()?.resolve(reply.stored)
      }
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #break(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#received = Buffer.alloc(0)
    this.#socket?.destroy()
    this.#socket = undefined
    for (const { reject } of waiting) reject(error)
  }
}

interface Reply {
  /** Bytes of the whole reply. */
  readonly length: number
  readonly stored: StoredSession | undefined
}

const END = "END\r\n"

/** The reply the bytes begin with; undefined: there is more to come. @throws Error for anything else */
function readReply(received: Buffer): Reply | undefined {
  const lineEnd = received.subarray(0, MAX_LINE_LENGTH).indexOf("\r\n")
  if (lineEnd < 0) return ensureShort(received)
  const line = received.toString("latin1", 0, lineEnd)
  if (line === "END") return { length: END.length, stored: undefined }
  const head = /^VALUE \S+ (\d{1,10}) (\d{1,10})(?: \d+)?$/.exec(line)
  if (!head) throw new Error(`memcached said ${JSON.stringify(line.slice(0, 80))}`)
  const size = Number(head[2])
  if (size > READ_LIMITS.maxBytes + 1)
    throw new Error(`an item of ${size} bytes, at most ${READ_LIMITS.maxBytes} are read`)
  const from = lineEnd + 2
  const length = from + size + 2 + END.length
  if (received.length < length) return undefined
  if (received.toString("latin1", from + size, length) !== `\r\n${END}`)
    throw new Error("memcached's answer has no end")
  return { length, stored: { bytes: Buffer.from(received.subarray(from, from + size)), flags: Number(head[1]) } }
}

function ensureShort(received: Buffer): undefined {
  if (received.length >= MAX_LINE_LENGTH) throw new Error("memcached's answer begins with a line that has no end")
  return undefined
}
