import { until } from "../support/until.ts"

/** What a script with a bare `new WebSocket()` sees. */
export class ScriptClient {
  readonly frames: (string | Uint8Array)[] = []
  closed: { code: number; reason: string } | undefined
  readonly #socket: WebSocket

  private constructor(url: string, headers: Record<string, string>) {
    this.#socket = new WebSocket(url, { headers })
    this.#socket.binaryType = "arraybuffer"
    this.#socket.onmessage = ({ data }) => this.frames.push(typeof data === "string" ? data : new Uint8Array(data))
    this.#socket.onclose = ({ code, reason }) => {
      this.closed = { code, reason }
    }
  }

  /** Resolves with the `open` event. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<ScriptClient> {
    const client = new ScriptClient(url, headers)
    await until(() => client.#socket.readyState === WebSocket.OPEN || client.closed, `${url} opens`)
    return client
  }

  say(text: string | Uint8Array): void {
    this.#socket.send(text)
  }

  command(command: object): void {
    this.#socket.send(JSON.stringify(command))
  }

  close(code?: number): void {
    this.#socket.close(code)
  }

  /** The socket is gone without a word, as when a phone loses its network. */
  drop(): void {
    this.#socket.terminate()
  }

  /** The next frame, once it is there. */
  async next(): Promise<string | Uint8Array> {
    await until(() => this.frames.length > 0 || this.closed, "a frame arrives")
    const frame = this.frames.shift()
    if (frame === undefined) throw new Error(`closed instead: ${JSON.stringify(this.closed)}`)
    return frame
  }

  async nextJson(): Promise<Record<string, unknown>> {
    return JSON.parse(String(await this.next()))
  }

  /** Everything that came before the answer to a ping sent now: what was not among it is not coming. */
  async drain(): Promise<(string | Uint8Array)[]> {
    this.command({ type: "ping" })
    await until(() => this.frames.includes('{"type":"pong"}') || this.closed, "the ping is answered")
    return this.frames.splice(0, this.frames.length).filter((frame) => frame !== '{"type":"pong"}')
  }

  gone(): Promise<{ code: number; reason: string }> {
    return until(() => this.closed, "the socket closes")
  }
}
