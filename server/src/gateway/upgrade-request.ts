import { wasForwarded } from "./forwarded.ts"

/**
 * Whether a request wants to become a WebSocket.
 *
 * Some small PHP clients send `Connection: Upgrade` and a key but forget `Upgrade: websocket`; Bun upgrades them once
 * the header is there, so it is put in. Only for direct peers: a proxy that forwarded such a request does not expect
 * the connection to stop being HTTP, and what it would read as the next answer could then be chosen by the client.
 */
export function wantsWebSocket({ method, headers }: Request): boolean {
  const upgrade = headers.get("upgrade")
  if (upgrade !== null) return upgrade.toLowerCase() === "websocket"
  if (method !== "GET" || !headers.has("sec-websocket-key") || !namesUpgrade(headers.get("connection"))) return false
  if (wasForwarded(headers)) return false
  headers.set("upgrade", "websocket")
  return true
}

function namesUpgrade(connection: string | null): boolean {
  return (connection ?? "").split(",").some((token) => token.trim().toLowerCase() === "upgrade")
}
