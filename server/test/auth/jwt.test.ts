import { describe, expect, test } from "bun:test"
import { createHmac } from "node:crypto"
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose"
import { createTokens } from "../../src/auth/jwt.ts"
import type { TokenOptions } from "../../src/auth/options.ts"
import { createSigner } from "../../src/auth/sign.ts"
import type { Tokens } from "../../src/core/tokens.ts"
import { NOW_MS, NOW_S, stoppedClock } from "./clock.ts"

const SECRET = "a secret of this test, long enough"
const clock = stoppedClock(NOW_MS)
const sign = createSigner(SECRET, clock)
const withSecret: TokenOptions = { keys: { hmacSecrets: [SECRET] } }
const expected = { userId: "42", channel: "news", clientId: "c1" }

const tokens = (options: TokenOptions = withSecret): Promise<Tokens> => createTokens(options, clock)
const connect = async (claims: JWTPayload, options = withSecret) =>
  (await tokens(options)).connection(await sign(claims))
const subscribe = async (claims: JWTPayload) => (await tokens()).subscription(await sign(claims), expected)

function base64url(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
}

describe("connection tokens", () => {
  test("carry user, info and expiry", async () => {
    expect(await connect({ sub: "42", info: { name: "小明" }, exp: NOW_S + 60 })).toEqual({
      kind: "ok",
      identity: { userId: "42", info: '{"name":"小明"}', expiresAtMs: NOW_MS + 60_000, clientRefreshes: true },
      issuedAtMs: NOW_MS,
    })
  })

  test("without exp never expire", async () => {
    expect(await connect({ sub: "42" })).toEqual({ kind: "ok", identity: { userId: "42" }, issuedAtMs: NOW_MS })
  })

  test("without sub are anonymous", async () => {
    expect(await connect({})).toEqual({ kind: "ok", identity: { userId: "" }, issuedAtMs: NOW_MS })
  })

  test("with a number as sub are invalid, and say what PHP should write", async () => {
    const verdict = await connect({ sub: 42 } as unknown as JWTPayload)
    expect(verdict).toEqual({ kind: "invalid", why: expect.stringContaining("(string)") })
  })

  test("with a channel are invalid", async () => {
    expect(await connect({ sub: "42", channel: "news" })).toMatchObject({ kind: "invalid" })
  })

  test("subscribe by themselves: channels and subs, b64 twins included, PHP's empty array too", async () => {
    const subs = {
      a: { info: { seat: 1 }, b64data: Buffer.from('{"hello":1}').toString("base64") },
      b: [],
      c: { override: [] },
    }
    expect(await connect({ sub: "42", channels: ["b", "d"], subs })).toEqual({
      kind: "ok",
      identity: {
        userId: "42",
        channels: [
          { channel: "b" },
          { channel: "d" },
          { channel: "a", info: '{"seat":1}', data: '{"hello":1}' },
          { channel: "c" },
        ],
      },
      issuedAtMs: NOW_MS,
    })
  })

  test("b64info that is not JSON is invalid: it would break every frame it is put in", async () => {
    const b64info = Buffer.from('{"a":1},"admin":true').toString("base64")
    expect(await connect({ sub: "42", b64info })).toMatchObject({ kind: "invalid" })
  })

  test("that ask for more than the channel's rule are invalid, and say so", async () => {
    const subs = { a: { override: { presence: { value: false } } } }
    expect(await connect({ sub: "42", subs })).toEqual({ kind: "invalid", why: expect.stringContaining("override") })
  })

  test("sid names the login", async () => {
    expect(await connect({ sub: "42", sid: "s-1" })).toMatchObject({ identity: { sessionId: "s-1" } })
  })

  for (const claims of [{ channels: "news" }, { channels: [1] }, { subs: "x" }, { subs: { a: 1 } }, { expire_at: -1 }])
    test(`${JSON.stringify(claims)} is invalid`, async () => {
      expect(await connect({ sub: "42", ...claims })).toMatchObject({ kind: "invalid" })
    })
})

describe("times, without leeway", () => {
  test("exp now is expired, a second later is not", async () => {
    expect(await connect({ sub: "42", exp: NOW_S })).toMatchObject({ kind: "expired" })
    expect(await connect({ sub: "42", exp: NOW_S + 1 })).toMatchObject({ kind: "ok" })
  })

  test("nbf in the future counts as expired", async () => {
    expect(await connect({ sub: "42", nbf: NOW_S + 1 })).toMatchObject({ kind: "expired" })
    expect(await connect({ sub: "42", nbf: NOW_S })).toMatchObject({ kind: "ok" })
  })

  test("expire_at overrides exp; 0 means never", async () => {
    const exp = NOW_S + 60
    const later = await connect({ sub: "42", exp, expire_at: NOW_S + 3600 })
    expect(later).toMatchObject({ identity: { expiresAtMs: NOW_MS + 3_600_000 } })
    const never = await connect({ sub: "42", exp, expire_at: 0 })
    expect(never).toEqual({ kind: "ok", identity: { userId: "42" }, issuedAtMs: NOW_MS })
    expect(await connect({ sub: "42", exp, expire_at: NOW_S - 1 })).toMatchObject({ kind: "expired" })
  })

  test("a wrong signature is invalid even when the token is also expired", async () => {
    const token = await createSigner("another secret entirely, sorry", clock)({ sub: "42" }, -60)
    expect(await (await tokens()).connection(token)).toMatchObject({ kind: "invalid" })
  })

  test("exp that is not a number is invalid", async () => {
    expect(await connect({ sub: "42", exp: "tomorrow" } as unknown as JWTPayload)).toMatchObject({ kind: "invalid" })
  })
})

describe("subscription tokens", () => {
  const good = { sub: "42", channel: "news" }

  test("carry info, data and expiry", async () => {
    expect(await subscribe({ ...good, info: 1, data: { a: [] }, exp: NOW_S + 5 })).toEqual({
      kind: "ok",
      grant: { info: "1", data: '{"a":[]}', expiresAtMs: NOW_MS + 5_000 },
    })
  })

  for (const claims of [
    { ...good, channel: "sport" },
    { ...good, sub: "43" },
    { channel: "news" },
    { ...good, client: "c2" },
  ])
    test(`${JSON.stringify(claims)} is a mismatch`, async () => {
      expect(await subscribe(claims)).toMatchObject({ kind: "mismatch" })
    })

  test("the client claim may name this client", async () => {
    expect(await subscribe({ ...good, client: "c1" })).toMatchObject({ kind: "ok" })
  })

  test("a connection token opens no channel", async () => {
    expect(await subscribe({ sub: "42" })).toMatchObject({ kind: "invalid" })
  })

  test("may have keys of their own; the connection's then do not count", async () => {
    const separate = await tokens({ ...withSecret, subscriptionKeys: { hmacSecrets: ["quite another secret"] } })
    expect(await separate.subscription(await sign(good), expected)).toMatchObject({ kind: "invalid" })
    const own = await createSigner("quite another secret", clock)(good)
    expect(await separate.subscription(own, expected)).toMatchObject({ kind: "ok" })
    expect(await separate.connection(await createSigner("quite another secret", clock)({ sub: "42" }))).toMatchObject({
      kind: "invalid",
    })
  })
})

describe("keys and algorithms", () => {
  for (const alg of ["HS256", "HS384", "HS512"])
    test(`${alg}, with the current and the previous secret`, async () => {
      const both = await tokens({ keys: { hmacSecrets: ["the new secret", SECRET] } })
      for (const secret of ["the new secret", SECRET]) {
        const token = await new SignJWT({ sub: "42" })
          .setProtectedHeader({ alg })
          .sign(new TextEncoder().encode(secret))
        expect(await both.connection(token)).toMatchObject({ kind: "ok" })
      }
    })

  for (const alg of ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"])
    test(`${alg}, by PEM and by JWKS; another key of the kind is refused`, async () => {
      const mine = await generateKeyPair(alg, { extractable: true })
      const other = await generateKeyPair(alg, { extractable: true })
      const byPem = await tokens({ keys: { publicKeys: [await exportSPKI(mine.publicKey)] } })
      const byJwks = await tokens({ keys: { jwks: [{ set: { keys: [await exportJWK(mine.publicKey)] } }] } })
      const signWith = (key: CryptoKey) => new SignJWT({ sub: "42" }).setProtectedHeader({ alg }).sign(key)
      for (const reader of [byPem, byJwks]) {
        expect(await reader.connection(await signWith(mine.privateKey))).toMatchObject({ kind: "ok" })
        expect(await reader.connection(await signWith(other.privateKey))).toMatchObject({ kind: "invalid" })
      }
    })

  test("a set with several fitting keys and no kid: each is tried", async () => {
    const pairs = await Promise.all([1, 2, 3].map(() => generateKeyPair("ES256", { extractable: true })))
    const keys = await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey)))
    const reader = await tokens({ keys: { jwks: [{ set: { keys } }] } })
    for (const { privateKey } of pairs) {
      const token = await new SignJWT({ sub: "42" }).setProtectedHeader({ alg: "ES256" }).sign(privateKey)
      expect(await reader.connection(token)).toMatchObject({ kind: "ok" })
    }
  })

  test("the RS256 confusion: HMAC with the public key as its secret", async () => {
    const { publicKey } = await generateKeyPair("RS256", { extractable: true })
    const pem = await exportSPKI(publicKey)
    const reader = await tokens({ keys: { hmacSecrets: [SECRET], publicKeys: [pem] } })
    for (const secret of [pem, pem.trim(), `${pem}\n`]) {
      const signed = `${base64url({ alg: "HS256" })}.${base64url({ sub: "root" })}`
      const signature = createHmac("sha256", secret).update(signed).digest("base64url")
      expect(await reader.connection(`${signed}.${signature}`)).toMatchObject({ kind: "invalid" })
    }
  })

  for (const alg of ["none", "None", "NONE", "", "HS1", "PS256", "ES256K", "__proto__", "constructor"])
    test(`alg ${JSON.stringify(alg)} is refused, signed or not`, async () => {
      const reader = await tokens()
      const signed = `${base64url({ alg })}.${base64url({ sub: "root" })}`
      const signature = createHmac("sha256", SECRET).update(signed).digest("base64url")
      for (const token of [`${signed}.`, `${signed}.${signature}`])
        expect(await reader.connection(token)).toMatchObject({ kind: "invalid" })
    })

  test("unknown critical extensions and unencoded payloads are refused", async () => {
    const reader = await tokens()
    for (const header of [
      { alg: "HS256", crit: ["x"], x: 1 },
      { alg: "HS256", b64: false, crit: ["b64"] },
    ]) {
      const signed = `${base64url(header)}.${base64url({ sub: "root" })}`
      const signature = createHmac("sha256", SECRET).update(signed).digest("base64url")
      expect(await reader.connection(`${signed}.${signature}`)).toMatchObject({ kind: "invalid" })
    }
  })

  test("without any key every token is refused", async () => {
    expect(await connect({ sub: "42" }, { keys: {} })).toMatchObject({ kind: "invalid" })
  })

  test("key sources that are not keys are refused", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true })
    const { exportPKCS8 } = await import("jose")
    await expect(tokens({ keys: { hmacSecrets: [""] } })).rejects.toThrow("empty")
    await expect(tokens({ keys: { hmacSecrets: [await exportSPKI(publicKey)] } })).rejects.toThrow("PEM")
    await expect(tokens({ keys: { publicKeys: [await exportPKCS8(privateKey)] } })).rejects.toThrow("private key")
    await expect(tokens({ keys: { publicKeys: ["hello"] } })).rejects.toThrow("not a PEM")
    await expect(tokens({ keys: { jwks: [{ set: { keys: [] } }] } })).rejects.toThrow("holds no key")
    for (const set of [{ keys: [5] }, { keys: {} }, {}, 5, null])
      await expect(tokens({ keys: { jwks: [{ set: set as never }] } })).rejects.toThrow("no JSON Web Key Set")
  })
})

describe("audience and issuer", () => {
  const strict: TokenOptions = { ...withSecret, audience: ["skein"], issuer: [/https:\/\/[a-z]+\.example\.com/, "me"] }

  test("exact and by pattern, which is anchored", async () => {
    const iss = "https://shop.example.com"
    expect(await connect({ sub: "1", aud: ["x", "skein"], iss }, strict)).toMatchObject({ kind: "ok" })
    expect(await connect({ sub: "1", aud: "skein", iss: "me" }, strict)).toMatchObject({ kind: "ok" })
    expect(await connect({ sub: "1", aud: "other", iss }, strict)).toMatchObject({ kind: "invalid" })
    expect(await connect({ sub: "1", iss }, strict)).toMatchObject({ kind: "invalid" })
    expect(await connect({ sub: "1", aud: "skein" }, strict)).toMatchObject({ kind: "invalid" })
    const evil = "https://shop.example.com.evil.test"
    expect(await connect({ sub: "1", aud: "skein", iss: evil }, strict)).toMatchObject({ kind: "invalid" })
  })
})

describe("hostile input", () => {
  test("a token above the bound is refused unread", async () => {
    const reader = await tokens()
    const token = await sign({ sub: "42", info: "x".repeat(20_000) })
    expect(await reader.connection(token)).toEqual({ kind: "invalid", why: expect.stringContaining("at most 16384") })
    expect(await reader.connection("a".repeat(50_000_000))).toMatchObject({ kind: "invalid" })
  })

  test("deep nesting in a well-signed token is no trouble", async () => {
    const deep = `{"sub":"42","info":${"[".repeat(5_000)}${"]".repeat(5_000)}}`
    const token = await new CompactSign(new TextEncoder().encode(deep))
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET))
    expect(await (await tokens()).connection(token)).toMatchObject({ kind: "ok" })
  })

  test("garbage is invalid and never throws", async () => {
    const reader = await tokens()
    const good = await sign({ sub: "42" })
    const pieces = ["", ".", "..", "...", "a.b.c", "null", "{}", "💥", "\u0000", "=", " ", good, good.slice(0, -2)]
    let state = 7
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((state / 2_147_483_648) * below)
    }
    const headers = [{ alg: 1 }, { alg: null }, [], "x", 5, null, { alg: { a: 1 } }, { alg: "HS256", typ: 3 }]
    for (const header of headers) pieces.push(`${base64url(header)}.${base64url({ sub: "x" })}.AAAA`)
    for (let round = 0; round < 2_000; round++) {
      const from = pieces[random(pieces.length)] ?? ""
      const at = random(from.length + 1)
      pieces.push(from.slice(0, at) + String.fromCharCode(random(300)) + from.slice(at + random(3)))
    }
    for (const token of pieces) {
      if (token === good) continue
      const verdict = await reader.connection(token)
      // A changed last character can leave the signature's bytes as they were.
      if (verdict.kind === "ok") expect(token.slice(0, -1)).toBe(good.slice(0, -1))
      else expect(verdict.kind).toBe("invalid")
      expect((await reader.subscription(token, expected)).kind).toBe("invalid")
    }
  })

  test("a signed payload that is no object of claims is invalid", async () => {
    const reader = await tokens()
    for (const payload of ["[]", "5", "null", '"x"', "{", "", "\u0000"]) {
      const token = await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(SECRET))
      expect(await reader.connection(token)).toMatchObject({ kind: "invalid" })
    }
  })
})
