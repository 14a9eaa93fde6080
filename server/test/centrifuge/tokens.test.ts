import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose"
import { TestServer } from "../support/server.ts"
import { jwt, newClient, startServer, WAYS } from "./support.ts"

/** Tokens of a site with an identity provider: its key set in a file, several issuers, own keys for subscriptions. */

const SUBSCRIPTION_SECRET = "a secret for subscription tokens only"
const folder = mkdtempSync(join(tmpdir(), "skein-tokens-"))
let server: TestServer
let provider: Awaited<ReturnType<typeof generateKeyPair>>

beforeAll(async () => {
  provider = await generateKeyPair("EdDSA", { extractable: true })
  const jwk = { ...(await exportJWK(provider.publicKey)), kid: "k1" }
  writeFileSync(join(folder, "jwks.json"), JSON.stringify({ keys: [jwk] }))
  server = await startServer({
    SKEIN_AUTH_JWKS_FILE: join(folder, "jwks.json"),
    SKEIN_AUTH_AUDIENCE_PATTERN: "shop-[0-9]+",
    SKEIN_AUTH_ISSUER: "shop",
    SKEIN_AUTH_ISSUER_PATTERN: "https://[a-z]+\\.login\\.example",
    SKEIN_AUTH_SUBSCRIPTION_TOKEN_HMAC_SECRETS: SUBSCRIPTION_SECRET,
    SKEIN_CHAT_ENABLED: "true",
  })
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const aud = "shop-1"
const ofProvider = (claims: JWTPayload) =>
  new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid: "k1" }).sign(provider.privateKey)
const ofSubscriptions = (claims: JWTPayload) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(SUBSCRIPTION_SECRET))

const [way] = WAYS
if (way === undefined) throw new Error("no way to connect")

/** What becomes of a client with this token: the code it is closed with, or "connected". */
async function fate(token: string): Promise<number | "connected"> {
  const client = newClient(server, way as (typeof WAYS)[number], { token })
  const end = new Promise<number | "connected">((resolve) => {
    client.on("connected", () => resolve("connected"))
    client.on("disconnected", ({ code }) => resolve(code))
  })
  client.connect()
  const met = await end
  client.disconnect()
  return met
}

test("the provider's keys count, with an issuer and an audience that fit the whole pattern, and so do the site's own tokens", async () => {
  const iss = "https://shop.login.example"
  expect(await fate(await ofProvider({ sub: "42", aud, iss }))).toBe("connected")
  expect(await fate(await jwt({ sub: "42", aud, iss: "shop" }))).toBe("connected")
  expect(await fate(await ofProvider({ sub: "42", aud, iss: `${iss}.evil.example` }))).toBe(3500)
  expect(await fate(await ofProvider({ sub: "42", aud }))).toBe(3500)
  expect(await fate(await ofProvider({ sub: "42", aud: "other-1", iss }))).toBe(3500)
})

test("tokens that the chat makes for its own page pass", async () => {
  const response = await fetch(`${server.url}/chat/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: server.url },
    body: JSON.stringify({ name: "Ann" }),
  })
  const { token } = (await response.json()) as { token: string }
  expect(await fate(token)).toBe("connected")
})

test("a channel opens with the subscription tokens' own keys, and not with those of connection tokens", async () => {
  const iss = "shop"
  const client = newClient(server, way, { token: await jwt({ sub: "42", aud, iss }) })
  client.connect()
  await client.ready(10_000)
  const open = (token: string) => {
    const subscription = client.newSubscription("secret:own", { token })
    const met = new Promise<number | "subscribed">((resolve) => {
      subscription.on("subscribed", () => resolve("subscribed"))
      subscription.on("unsubscribed", ({ code }) => resolve(code))
    })
    subscription.subscribe()
    return met.finally(() => client.removeSubscription(subscription))
  }
  expect(await open(await jwt({ sub: "42", channel: "secret:own", aud, iss }))).toBe(103)
  expect(await open(await ofSubscriptions({ sub: "42", channel: "secret:own", aud, iss }))).toBe("subscribed")
  client.disconnect()
  expect(await fate(await ofSubscriptions({ sub: "42", aud, iss }))).toBe(3500)
})

test("an unusable key ends the start with one line that names it and does not show it", async () => {
  writeFileSync(join(folder, "broken.json"), '{"keys":[5]}')
  const start = TestServer.start({
    env: { SKEIN_AUTH_JWKS_FILE: join(folder, "broken.json") },
    data: join(folder, "data"),
  })
  const text = await start.then(String, ({ message }: Error) => message)
  expect(text).toContain("ended with 3")
  expect(text).toMatch(/configuration refused:\s+auth: the JWKS file holds no JSON Web Key Set/)
  expect(text).not.toContain("    at ")
})
