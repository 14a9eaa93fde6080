import { afterEach } from "bun:test"
import { Centrifuge, type Options } from "centrifuge"
import WebSocket from "ws"
import type { TestServer } from "../support/server.ts"

const clients: Centrifuge[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

interface Cookies {
  readonly cookie: string
  readonly isLoading?: boolean
}

/** Nobody listens there. */
const NOWHERE = "ws://127.0.0.1:1/"

/**
 * The official client, with a socket that sends cookies as a browser does: those of the moment it connects. While a page
 * loads it does not get through, as pages wait longer than these clients before they come back.
 */
export function browser(server: TestServer, of: Cookies, options: Partial<Options> = {}) {
  class CookieSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(of.isLoading ? NOWHERE : address, protocols, { headers: { cookie: of.cookie } })
    }
  }
  const client = new Centrifuge(`${server.wsUrl}/connection/websocket`, {
    websocket: CookieSocket,
    minReconnectDelay: 20,
    maxReconnectDelay: 50,
    ...options,
  })
  clients.push(client)
  const seen = { connected: 0, codes: [] as number[] }
  client.on("connected", () => seen.connected++)
  client.on("connecting", ({ code }) => seen.codes.push(code))
  client.on("disconnected", ({ code }) => seen.codes.push(code))
  return { client, seen }
}
