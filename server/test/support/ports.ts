import { createServer } from "node:net"

/** Below the range from which the system gives ports to outgoing connections. */
const FROM = 18_000
const TO = 32_000

/** Whoever asked for a port may not listen on it yet. */
const given = new Set<number>()

/** A port of loopback that nobody listens on, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
}

/** Whether somebody listens on this port of loopback. */
export async function answers(port: number): Promise<boolean> {
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } }).catch(
    () => undefined,
  )
  socket?.end()
  return socket !== undefined
}
