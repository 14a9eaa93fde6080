import type { App, Apps } from "../apps.ts"
import { Refusal, type Wrong } from "../refusal.ts"
import { isSignature, md5 } from "../signatures.ts"
import { type Query, readQuery, requestSigningText, unescaped } from "./query.ts"

/** A request that somebody with the app's secret made, not long ago. */
export interface SignedRequest {
  readonly app: App
  readonly query: Query
  readonly body: Uint8Array
}

/** A request whose signature is still to be checked. */
export interface UnsignedRequest {
  readonly method: string
  /** As on the wire, without the configured prefix. */
  readonly path: string
  /** As on the wire. */
  readonly search: string
  readonly body: Uint8Array
}

/**
 * Checks what a back end signed, in every way that the SDKs do it.
 * @throws Refusal 401 or 403 that says which of key, app, clock, body or signature is wrong
 */
export function ensureSignedRequest(
  apps: Apps,
  appId: string,
  request: UnsignedRequest,
  nowMs: number,
  clockToleranceMs: number,
): SignedRequest {
  const query = readQuery(request.search)
  const app = apps.byId(appId)
  const keyName = required(query, "auth_key", "key")
  const key = app?.keyNamed(keyName)
  if (!app || !key) throw wrongKey(apps, app, appId, keyName)
  const version = required(query, "auth_version", "protocol")
  if (version !== "1.0")
    throw new Refusal(401, `auth_version must be 1.0, got ${JSON.stringify(version)}`, { wrong: "protocol" })
  ensureFresh(required(query, "auth_timestamp", "clock"), nowMs, clockToleranceMs)
  ensureBody(query, request.body)
  const signed = readings(request).find((reading) =>
    isSignature(reading.query.get("auth_signature") ?? "", key.secret, reading.text),
  )
  if (!signed) throw wrongSignature(apps, keyName, request, query)
  if (!app.options.enabled) throw new Refusal(403, `The app "${app.id}" is disabled`)
  return { app, query: signed.query, body: request.body }
}

interface Reading {
  readonly query: Query
  readonly text: string
}

/** Paths are signed raw by some clients, unescaped by others; so are spaces in values. */
function readings({ method, path, search }: UnsignedRequest): Reading[] {
  const paths = new Set([path, unescaped(path)])
  const queries = search.includes("+") ? [readQuery(search), readQuery(search, "space")] : [readQuery(search)]
  return queries.flatMap((query) => [...paths].map((one) => ({ query, text: requestSigningText(method, one, query) })))
}

function required(query: Query, name: string, wrong: Wrong): string {
  const value = query.get(name)
  if (value === undefined || value === "") throw new Refusal(401, `The query parameter ${name} is missing`, { wrong })
  return value
}

/** @throws Refusal */
function ensureFresh(timestamp: string, nowMs: number, clockToleranceMs: number): void {
  const givenMs = Number(timestamp) * 1_000
  if (!/^\d+$/.test(timestamp))
    throw new Refusal(401, "auth_timestamp must be Unix time in seconds", { wrong: "clock" })
  if (Math.abs(givenMs - nowMs) <= clockToleranceMs) return
  throw new Refusal(
    401,
    `Timestamp expired: auth_timestamp ${timestamp} is not within ${clockToleranceMs / 1_000} s of the server's time ` +
      `${Math.floor(nowMs / 1_000)}. Is one of the clocks wrong, or is this an old request?`,
    { wrong: "clock" },
  )
}

/** @throws Refusal */
function ensureBody(query: Query, body: Uint8Array): void {
  const given = query.get("body_md5")
  if (body.byteLength === 0 && given === undefined) return
  if (given === undefined) throw new Refusal(401, "body_md5 is missing: it is required with a body", { wrong: "body" })
  if (md5(body) !== given.toLowerCase())
    throw new Refusal(
      401,
      `body_md5 does not fit the body: the body received has ${body.byteLength} bytes and another MD5`,
      { wrong: "body" },
    )
}

function wrongKey(apps: Apps, app: App | undefined, appId: string, keyName: string): Refusal {
  const other = apps.byKey(keyName)
  if (!app) return new Refusal(401, `There is no app "${appId.slice(0, 64)}" here: check the app id`, { wrong: "app" })
  return new Refusal(
    401,
    `auth_key ${JSON.stringify(keyName.slice(0, 64))} is not a key of app "${app.id}": check key and app id`,
    {
      wrong: "key",
      forLog: other ? `the key belongs to app "${other.id}"` : "no app has this key",
    },
  )
}

function wrongSignature(apps: Apps, keyName: string, request: UnsignedRequest, query: Query): Refusal {
  const text = requestSigningText(request.method, unescaped(request.path), query)
  const given = query.get("auth_signature") ?? ""
  const owner = apps.all.find((other) => other.options.keys.some(({ secret }) => isSignature(given, secret, text)))
  return new Refusal(
    401,
    `Invalid signature: you should have sent HmacSHA256Hex(${JSON.stringify(text)}, your_secret_key). ` +
      "Is the secret the one that belongs to the key, and does a proxy change the path?",
    {
      wrong: "secret",
      forLog: owner
        ? `signed with a secret of app "${owner.id}", but says key "${keyName}"; the string signed is ${JSON.stringify(text)}`
        : `the secret is not the one of key "${keyName}", or the path was changed on the way; the string to sign is ${JSON.stringify(text)}`,
    },
  )
}
