import type { CloseReason } from "../../../core/close-codes.ts"
import type { Handshake } from "../../../gateway/protocol.ts"
import type { App, Apps } from "../apps.ts"
import type { PusherConfig } from "../options.ts"
import type { Wrong } from "../refusal.ts"
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

/** Why a client has to go away. */
export interface OpeningRefused {
  /** The app it asked for, when there is such an app. */
  readonly appId: string | undefined
  /** 4001, 4003, 4004, 4005, 4006, 4007, 4008 or 4009. */
  readonly reason: CloseReason
  readonly wrong: Wrong
  readonly forLog: string | undefined
}

/**
 * Reads `[prefix]/app/KEY`, `[prefix]/s/PAGE/app/KEY` (a stock client with a page id) and `[prefix]/r/PAGE/app/KEY`
 * (a client that recovers).
 */
export function readOpening({ url, headers }: Handshake, apps: Apps, config: PusherConfig): Opening | OpeningRefused {
  const path = /^(?:\/(?<kind>[sr])\/(?<page>[^/]*))?\/app\/(?<key>[^/]*)$/.exec(
    url.pathname.slice(config.pathPrefix.length),
  )?.groups
  if (!path) return refused(undefined, 4005, "Path not found: expected /app/{key}", "request")
  const { kind, page } = path
  if (page !== undefined && !PAGE_ID.test(page))
    return refused(undefined, 4005, "Path not found: a page id is 16 to 64 letters, digits, _ or -", "request")
  const key = decoded(path.key ?? "")
  const app = apps.byKey(key)
  if (!app) return unknownKey(key)
  if (!app.options.enabled) return refused(app, 4003, `App ${app.id} is disabled`, "permission")
  if (!app.options.allowsOrigin(headers)) return wrongOrigin(app, headers)
  const version = readVersion(app, url.searchParams.get("protocol"))
  if (typeof version !== "number") return version
  const { maxConnections } = app.options.limits
  if (maxConnections > 0 && app.connections >= maxConnections)
    return refused(app, 4004, `App ${app.id} is over its quota of ${maxConnections} connections`, "limit")
  return { app, version, pageId: page, recovering: kind === "r" }
}

function readVersion(app: App, text: string | null): number | OpeningRefused {
  if (text === null) return refused(app, 4008, "No protocol version supplied: add protocol=7 to the query", "protocol")
  if (!/^\d+$/.test(text)) return refused(app, 4006, "Invalid version string: protocol must be an integer", "protocol")
  const version = Number(text)
  if (version >= OLDEST_VERSION && version <= NEWEST_VERSION) return version
  const spoken = `this server speaks ${OLDEST_VERSION} to ${NEWEST_VERSION}`
  return refused(app, 4007, `Unsupported protocol version ${version}: ${spoken}`, "protocol")
}

function unknownKey(key: string): OpeningRefused {
  const text = "App key not known here. Is it a key of this server's configuration?"
  return refused(undefined, 4001, text, "key", `no app has the key ${JSON.stringify(key.slice(0, 64))}`)
}

function wrongOrigin(app: App, headers: Headers): OpeningRefused {
  const origin = JSON.stringify(headers.get("origin")?.slice(0, 200))
  const forLog = `pages of ${origin} are not among origins of the app`
  return refused(app, 4009, "Pages of this origin may not connect", "origin", forLog)
}

function refused(app: App | undefined, code: number, text: string, wrong: Wrong, forLog?: string): OpeningRefused {
  return { appId: app?.id, reason: { code, reason: text }, wrong, forLog }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
