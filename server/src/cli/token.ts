import { resolve } from "node:path"
import { createSigner } from "../auth/sign.ts"
import { parseDurationMs } from "../config/duration.ts"
import { ownClaims } from "../config/own-claims.ts"
import type { Settings } from "../config/schema.ts"
import type { Clock } from "../core/clock.ts"
import { type Arguments, ensureNoPositionals, type FlagSpec } from "./arguments.ts"
import { CliError, EXIT } from "./exit.ts"
import { readSecrets } from "./secrets.ts"

export const TOKEN_FLAGS = {
  user: { type: "string" },
  channel: { type: "string" },
  ttl: { type: "string" },
  info: { type: "string" },
} as const satisfies FlagSpec

const DEFAULT_TTL = "1h"

/** A token for one user: to connect, or with `--channel` to subscribe to that channel. */
export async function makeToken(args: Arguments, settings: Settings, clock: Clock): Promise<string> {
  ensureNoPositionals(args, "token")
  const value = (flag: keyof typeof TOKEN_FLAGS) => args.flags.get(flag)?.[0]
  const user = value("user")
  if (user === undefined) throw new CliError(EXIT.usage, "skein token needs --user, for example: skein token --user 42")
  const channel = value("channel")
  const info = value("info")
  const claims = {
    sub: user,
    ...(channel === undefined ? {} : { channel }),
    ...(info === undefined ? {} : { info: parseInfo(info) }),
    ...ownClaims(settings.auth),
  }
  return createSigner(channel === undefined ? hmacSecret(settings) : subscriptionSecret(settings), clock)(
    claims,
    ttlSeconds(value("ttl") ?? DEFAULT_TTL),
  )
}

function ttlSeconds(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined || ms < 1_000)
    throw new CliError(
      EXIT.usage,
      `--ttl must be a duration of 1s or more like 15m or 24h, got ${JSON.stringify(text)}`,
    )
  return Math.floor(ms / 1_000)
}

function parseInfo(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError(EXIT.usage, `--info must be JSON, got ${JSON.stringify(text)}`)
  }
}

/** Subscription tokens may have keys of their own. */
function subscriptionSecret(settings: Settings): string {
  const { subscriptionTokenHmacSecrets, subscriptionTokenPublicKeys, subscriptionJwksUrl } = settings.auth
  const [secret] = subscriptionTokenHmacSecrets
  if (secret !== undefined) return secret
  if (subscriptionTokenPublicKeys.length === 0 && subscriptionJwksUrl === undefined) return hmacSecret(settings)
  throw new CliError(
    EXIT.config,
    "subscription tokens are checked with public keys only (auth.subscription_…): whoever has the private key signs them",
  )
}

function hmacSecret(settings: Settings): string {
  const [configured] = settings.auth.tokenHmacSecrets
  if (configured !== undefined) return configured
  const folder = resolve(settings.data)
  const secrets = secretsOf(folder)
  if (secrets) return secrets.tokenHmacSecret
  throw new CliError(
    EXIT.dataFolder,
    `no secrets in ${folder} yet: start the server once, or name its folder with --data`,
  )
}

function secretsOf(folder: string) {
  try {
    return readSecrets(folder)
  } catch (error) {
    throw new CliError(EXIT.dataFolder, error instanceof Error ? error.message : String(error))
  }
}
