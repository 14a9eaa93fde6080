import type { CloseReason } from "../../../core/close-codes.ts"
import type { Handshake } from "../../../gateway/protocol.ts"
import type { App, Apps } from "../apps.ts"
import type { PusherConfig } from "../options.ts"
import { PAGE_ID } from "../socket-id.ts"

/** Oldest protocol version that Pusher still speaks, and the newest there is. */
const OLDEST_VERSION = 4
const NEWEST_VERSION = 7

export interface Opening {
  readonly app: App
  readonly version: number
  /** Chosen by the client for as long as its page lives. */
  readonly pageId: string | undefined
  /** The client asked for positions, and can recover by them. */
  readonly recovering: boolean
}

/**
 * Reads `[prefix]/app/KEY`, `[prefix]/s/PAGE/app/KEY` (a stock client with a page id) and `[prefix]/r/PAGE/app/KEY`
 * (a client that recovers).
 *
 * @returns a close reason when the client is to go away: 4001, 4003, 4004, 4005, 4006, 4007, 4008 or 4009
 */
export function readOpening({ url, headers }: Handshake, apps: Apps, config: PusherConfig): Opening | CloseReason {
  const path = /^(?:\/(?<kind>[sr])\/(?<page>[^/]*))?\/app\/(?<key>[^/]*)$/.exec(
    url.pathname.slice(config.pathPrefix.length),
  )?.groups
  if (!path) return { code: 4005, reason: "Path not found: expected /app/{key}" }
  const { kind, page } = path
  if (page !== undefined && !PAGE_ID.test(page))
    return { code: 4005, reason: "Path not found: a page id is 16 to 64 letters, digits, _ or -" }
  const app = apps.byKey(decoded(path.key ?? ""))
  if (!app) return { code: 4001, reason: "App key not known here. Is it a key of this server's configuration?" }
  if (!app.options.enabled) return { code: 4003, reason: `App ${app.id} is disabled` }
  if (!app.options.allowsOrigin(headers)) return { code: 4009, reason: "Pages of this origin may not connect" }
  const version = readVersion(url.searchParams.get("protocol"))
  if (typeof version !== "number") return version
  const { maxConnections } = app.options.limits
  if (maxConnections > 0 && app.connections >= maxConnections)
    return { code: 4004, reason: `App ${app.id} is over its quota of ${maxConnections} connections` }
  return { app, version, pageId: page, recovering: kind === "r" }
}

function readVersion(text: string | null): number | CloseReason {
  if (text === null) return { code: 4008, reason: "No protocol version supplied: add protocol=7 to the query" }
  const version = Number(text)
  if (!/^\d+$/.test(text)) return { code: 4006, reason: "Invalid version string: protocol must be an integer" }
  if (version >= OLDEST_VERSION && version <= NEWEST_VERSION) return version
  return {
    code: 4007,
    reason: `Unsupported protocol version ${version}: this server speaks ${OLDEST_VERSION} to ${NEWEST_VERSION}`.slice(
      0,
      120,
    ),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
