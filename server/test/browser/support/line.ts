import type { Page, WebSocketRoute } from "playwright-core"

/**
 * The way between one page and the server, to be cut. (The browser's own "offline" leaves WebSockets to the same
 * machine alone.)
 */
export class Line {
  /** What the server says is lost on the way; what the page says arrives. */
  deaf = false
  #cut = false
  readonly #sockets = new Set<WebSocketRoute>()

  /** Give it to `visitor` or `guest`: it must be laid before the page is opened. */
  readonly lay = async (page: Page): Promise<void> => {
    // WebSocket only: an open HTTP stream could not be cut from here.
    await page.addInitScript(() => {
      for (const name of ["ReadableStream", "EventSource"])
        Object.defineProperty(globalThis, name, { value: undefined })
    })
    await page.routeWebSocket(/connection\/websocket/, (socket) => this.#connect(socket))
    await page
      .context()
      .route(/\/(connection|chat|emulation)/, (route) => (this.#cut ? route.abort() : route.continue()))
  }

  cut(): void {
    this.#cut = true
    this.hangUp()
  }

  mend(): void {
    this.#cut = false
  }

  /** Ends the connection; the page may come back at once. */
  hangUp(): void {
    for (const socket of this.#sockets) void socket.close({ code: 1011 })
    this.#sockets.clear()
  }

  #connect(socket: WebSocketRoute): void {
    if (this.#cut) {
      void socket.close({ code: 1011 })
      return
    }
    this.#sockets.add(socket)
    const server = socket.connectToServer()
    // What the page says before it has heard of the end of its connection is lost.
    socket.onMessage((frame) => {
      if (this.#sockets.has(socket)) server.send(frame)
    })
    server.onMessage((frame) => {
      if (!this.deaf) socket.send(frame)
    })
  }
}
