import { afterEach, expect, test } from "bun:test"
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"
import { createTokens } from "../../src/auth/jwt.ts"
import { NOW_MS, stoppedClock } from "./clock.ts"

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A key address on the loopback interface that counts how often it is asked. */
function serveKeys(answer: () => Response | Promise<Response>) {
  const asked = { times: 0 }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      asked.times++
      return answer()
    },
  })
  closing.push(() => server.stop(true))
  return { url: `${server.url}jwks.json`, asked }
}

async function keyWithId(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }
  const token = await new SignJWT({ sub: "42" }).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey)
  return { jwk, token }
}

test("the set is asked for once, and unknown key ids ask no more than the cooldown allows", async () => {
  const { jwk, token } = await keyWithId("one")
  const stranger = await keyWithId("two")
  const { url, asked } = serveKeys(() => Response.json({ keys: [jwk] }))
  const tokens = await createTokens({ keys: { jwks: [{ url }] } }, stoppedClock(NOW_MS))
  for (let round = 0; round < 20; round++) {
    expect(await tokens.connection(token)).toMatchObject({ kind: "ok" })
    expect(await tokens.connection(stranger.token)).toMatchObject({ kind: "invalid" })
  }
  expect(asked.times).toBe(1)
})

test("a rotated key is found once the cooldown is over", async () => {
  const before = await keyWithId("one")
  const after = await keyWithId("two")
  let keys = [before.jwk]
  const { url } = serveKeys(() => Response.json({ keys }))
  const tokens = await createTokens({ keys: { jwks: [{ url, cooldownMs: 0 }] } }, stoppedClock(NOW_MS))
  expect(await tokens.connection(before.token)).toMatchObject({ kind: "ok" })
  keys = [after.jwk]
  expect(await tokens.connection(after.token)).toMatchObject({ kind: "ok" })
})

test("an address that fails is a temporary error, not an invalid token, and is left alone for a moment", async () => {
  const { token } = await keyWithId("one")
  const { url, asked } = serveKeys(() => new Response("no", { status: 500 }))
  const tokens = await createTokens({ keys: { jwks: [{ url }] } }, stoppedClock(NOW_MS))
  const from = performance.now()
  for (let round = 0; round < 10; round++)
    await expect(tokens.connection(token)).rejects.toMatchObject({ code: "internal", temporary: true })
  // Once in two seconds, however long this machine took for it.
  expect(asked.times).toBeLessThanOrEqual(1 + (performance.now() - from) / 2_000)
})

test("an address that does not answer is given up after the time-out", async () => {
  const { token } = await keyWithId("one")
  const { url } = serveKeys(() => new Promise<Response>(() => undefined))
  const tokens = await createTokens({ keys: { jwks: [{ url, timeoutMs: 50 }] } }, stoppedClock(NOW_MS))
  await expect(tokens.connection(token)).rejects.toMatchObject({ code: "internal" })
})

test("garbage, redirects and an HMAC token bring no key", async () => {
  const { token } = await keyWithId("one")
  for (const answer of [
    () => new Response("<html>"),
    () => Response.json({ keys: 5 }),
    () => Response.redirect("http://127.0.0.1:1/"),
  ]) {
    const { url } = serveKeys(answer)
    const tokens = await createTokens({ keys: { jwks: [{ url }] } }, stoppedClock(NOW_MS))
    await expect(tokens.connection(token)).rejects.toMatchObject({ code: "internal" })
  }
  const { url, asked } = serveKeys(() => Response.json({ keys: [{ kty: "oct", k: "c2VjcmV0", alg: "HS256" }] }))
  const tokens = await createTokens({ keys: { jwks: [{ url }] } }, stoppedClock(NOW_MS))
  const hmac = await new SignJWT({ sub: "root" }).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from("secret"))
  expect(await tokens.connection(hmac)).toMatchObject({ kind: "invalid" })
  expect(asked.times).toBe(0)
})
