import { connect, createServer, type Server, type Socket } from "node:net"

/** A cable to a server on this machine that can be pulled: no goodbye on either side. */
export class Cable {
  readonly port: number
  readonly #listener: Server
  readonly #sockets: Set<Socket>
  readonly #jam: Jam

  private constructor(listener: Server, sockets: Set<Socket>, jam: Jam) {
    this.#listener = listener
    this.#sockets = sockets
    this.#jam = jam
    this.port = (listener.address() as { port: number }).port
  }

  static async to(port: number): Promise<Cable> {
    const sockets = new Set<Socket>()
    const jam: Jam = {}
    const listener = createServer((near) => {
      const far = connect(port, "127.0.0.1")
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one)
        one.on("data", (bytes) => {
          if (jam.waiting) jam.waiting.push(() => other.write(bytes))
          else other.write(bytes)
        })
        one.on("error", () => one.destroy())
        one.on("close", () => {
          sockets.delete(one)
          other.destroy()
        })
      }
    })
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done))
    return new Cable(listener, sockets, jam)
  }

  /** Ends every connection that is open now. @throws Error when there is none: then the test tests nothing */
  pull(): void {
    if (this.#sockets.size === 0) throw new Error("nothing is plugged in")
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Nothing passes any more, in neither direction; nobody is told. */
  jam(): void {
    this.#jam.waiting ??= []
  }

  /** What waited arrives, in the order in which it was sent. */
  clear(): void {
    const { waiting = [] } = this.#jam
    delete this.#jam.waiting
    for (const pass of waiting) pass()
  }

  remove(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#listener.close()
  }
}

interface Jam {
  waiting?: (() => void)[]
}
