import { connect, type Socket } from "node:net"
import { until } from "../support/until.ts"

export const KEY = "dGhlIHNhbXBsZSBub25jZQ=="

/** The handshake as small clients write it by hand. */
export function handshake(path: string, headers: Record<string, string | undefined> = {}): string {
  const all: Record<string, string | undefined> = {
    Host: "127.0.0.1",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`
}

export interface FrameOptions {
  readonly masked?: boolean
  readonly final?: boolean
  /** 1 text, 2 binary, 0 continuation, 8 close, 9 ping. */
  readonly opcode?: number
}

/** One frame of RFC 6455, section 5.2. */
export function frame(
  payload: string | Buffer,
  { masked = true, final = true, opcode = 1 }: FrameOptions = {},
): Buffer {
  const body = Buffer.from(payload as string)
  const length = body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 255]
  const [first = 0, ...rest] = length
  const head = Buffer.from([(final ? 128 : 0) | opcode, first | (masked ? 128 : 0), ...rest])
  if (!masked) return Buffer.concat([head, body])
  const mask = Buffer.from([7, 77, 177, 210])
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

/**
 * Asks until the answer to the handshake came in a packet of its own. Two packets read late look like one: on a busy
 * machine that happens now and then, not every time.
 */
export async function answeredApart(ask: () => Promise<RawClient>): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { packets } = await ask()
    if (packets[0]?.toString("latin1").endsWith("\r\n\r\n")) return
  }
  throw new Error("what came behind the answer to the handshake was in its packet every time")
}

/** A socket written to and read byte by byte, like `stream_socket_client()` in PHP. */
export class RawClient {
  /** The packets as they came. */
  readonly packets: Buffer[] = []
  closed = false
  readonly socket: Socket

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1")
    this.socket.setNoDelay(true)
    this.socket.on("data", (packet) => this.packets.push(packet))
    this.socket.on("error", () => undefined)
    this.socket.on("close", () => {
      this.closed = true
    })
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  get received(): Buffer {
    return Buffer.concat(this.packets)
  }

  get head(): string {
    const text = this.received.toString("latin1")
    const end = text.indexOf("\r\n\r\n")
    return end === -1 ? "" : text.slice(0, end)
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head)?.[1] ?? 0)
  }

  async answered(): Promise<string> {
    return until(() => this.head || (this.closed && "closed"), "the handshake is answered")
  }

  /** Whole frames behind the answer to the handshake. */
  get frames(): { opcode: number; payload: Buffer }[] {
    const bytes = this.received.subarray(this.head.length + 4)
    const frames: { opcode: number; payload: Buffer }[] = []
    for (let at = 0; at + 2 <= bytes.length; ) {
      const short = (bytes[at + 1] ?? 0) & 127
      const start = short === 126 ? at + 4 : at + 2
      // A packet may end anywhere, in the middle of a head too.
      if (start > bytes.length) break
      const length = short === 126 ? bytes.readUInt16BE(at + 2) : short
      if (start + length > bytes.length) break
      frames.push({ opcode: (bytes[at] ?? 0) & 15, payload: bytes.subarray(start, start + length) })
      at = start + length
    }
    return frames
  }

  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString("utf8"))
  }

  /** Code of the close frame the server sent, if it has. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === 8)
    return close && close.payload.length >= 2 ? close.payload.readUInt16BE(0) : undefined
  }
}
