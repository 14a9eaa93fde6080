import { z } from "zod"
import { openChoice, openFlag, optionalText, texts } from "./fields.ts"

const WHERE = ["off", "loopback", "anywhere"] as const
const WHERE_NOTE = '"loopback" in development, "off" in production'

// Short keys are tried with on one's machine: how long one has to be depends on the mode (checks.ts).
const secrets = { secret: true, pattern: /^.+$/s, default: [] } as const

const pems = {
  default: [],
  expects: "a list of PEM texts beginning with -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----",
  pattern: /^\s*-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/,
} as const

const httpAddress = { expects: "an http(s) address", pattern: /^https?:\/\/\S+$/ } as const

/** Who a connection is, and which keys say so. */
export const authSchema = z.strictObject({
  tokenHmacSecrets: texts(
    "Secrets of connection and subscription tokens (JWT with HS256, HS384 or HS512). The first signs, all verify, so that a secret can be changed without locking anyone out.",
    {
      ...secrets,
      expects: "a list of secrets, in production of 16 characters or more",
      defaultNote: "one secret made at the first start",
      env: "SKEIN_TOKEN_HMAC_SECRET",
    },
  ),
  tokenPublicKeys: texts(
    "Public keys (PEM) or certificates (PEM) that also verify tokens, for RS256, ES256 and EdDSA and their longer kinds.",
    pems,
  ),
  jwksUrl: optionalText("Where to fetch public keys that verify tokens (JWKS).", httpAddress),
  jwksFile: optionalText("A file with public keys that also verify tokens (JWKS), read at the start.", {
    expects: "the path of a file",
    pattern: /./,
  }),
  subscriptionTokenHmacSecrets: texts(
    "As `auth.token_hmac_secrets`, for subscription tokens only. With any `subscription_…` setting the keys of connection tokens open no channel.",
    {
      ...secrets,
      expects: "a list of secrets, in production of 16 characters or more",
      defaultNote: "subscription tokens have the same keys as connection tokens",
    },
  ),
  subscriptionTokenPublicKeys: texts("As `auth.token_public_keys`, for subscription tokens only.", pems),
  subscriptionJwksUrl: optionalText("As `auth.jwks_url`, for subscription tokens only.", httpAddress),
  audience: optionalText("Tokens must carry this `aud`, or one that matches `auth.audience_pattern`.", {
    expects: "text",
  }),
  audiencePattern: optionalText("Tokens must carry an `aud` that this matches as a whole, or `auth.audience`.", {
    expects: "a regular expression",
  }),
  issuer: optionalText("Tokens must carry this `iss`, or one that matches `auth.issuer_pattern`.", { expects: "text" }),
  issuerPattern: optionalText("Tokens must carry an `iss` that this matches as a whole, or `auth.issuer`.", {
    expects: "a regular expression",
  }),
  apiKeys: texts("Keys of your back end for the HTTP API. Several, so that one can be changed at a time.", {
    ...secrets,
    expects: "a list of keys, in production of 16 characters or more",
    defaultNote: "one key made at the first start",
    env: "SKEIN_API_KEY",
  }),
  sessionSecret: optionalText("Signs the cookies of guests.", {
    secret: true,
    expects: "16 characters or more",
    pattern: /^.{16,}$/s,
    defaultNote: "made at the first start",
  }),
  guests: openChoice("From where visitors may enter who only choose a name.", WHERE, { defaultNote: WHERE_NOTE }),
  trustUserId: openChoice(
    "From where clients may connect whose `?user_id=…` is believed without a token. Anybody there can pose as anybody.",
    WHERE,
    { defaultNote: WHERE_NOTE },
  ),
  allowAnonymous: openFlag("Connections without any identity are accepted; channel rules decide what they may do.", {
    defaultNote: "true in development, false in production",
  }),
})
