import { expect, test } from "bun:test"
import { createApiKeys } from "../../src/auth/api-key.ts"
import { backEndBy } from "../../src/auth/back-end.ts"
import { byApiKey, byQueryToken, byTrustedUserId, firstOf, type HandshakeFacts } from "../../src/auth/identify.ts"
import { createTokens } from "../../src/auth/jwt.ts"
import { createSigner } from "../../src/auth/sign.ts"
import { NOW_MS, stoppedClock } from "./clock.ts"

const clock = stoppedClock(NOW_MS)
const sign = createSigner("secret of this test", clock)
const tokens = await createTokens({ keys: { hmacSecrets: ["secret of this test"] } }, clock)

function handshake(query: string, loopback = false, headers: Record<string, string> = {}): HandshakeFacts {
  return { url: new URL(`http://h/ws${query}`), headers: new Headers(headers), address: "192.0.2.1", loopback }
}

test("the first strategy that knows decides, the others are not asked", async () => {
  const identity = firstOf([
    ({ headers }) => (headers.get("cookie") === "s=1" ? { userId: "cookie-user" } : undefined),
    byTrustedUserId("anywhere"),
    ({ loopback }) => (loopback ? { userId: "" } : undefined),
  ])
  expect(await identity.identify(handshake("?user_id=7", true, { cookie: "s=1" }))).toEqual({ userId: "cookie-user" })
  expect(await identity.identify(handshake("?user_id=7", true))).toEqual({ userId: "7" })
  expect(await identity.identify(handshake("", true))).toEqual({ userId: "" })
  expect(await identity.identify(handshake("", false))).toBeUndefined()
})

test("a token that is given and bad is refused, never passed over", async () => {
  const reasons: string[] = []
  const identity = firstOf([byQueryToken(tokens, (why) => reasons.push(why)), byTrustedUserId("anywhere")])
  expect(await identity.identify(handshake(`?token=${await sign({ sub: "42" })}&user_id=7`))).toEqual({ userId: "42" })
  await expect(identity.identify(handshake("?token=x.y.z&user_id=7"))).rejects.toMatchObject({ code: "unauthorized" })
  const old = await sign({ sub: "42" }, -1)
  await expect(identity.identify(handshake(`?token=${old}&user_id=7`))).rejects.toMatchObject({ code: "token_expired" })
  expect(await identity.identify(handshake("?token=&user_id=7"))).toEqual({ userId: "7" })
  expect(reasons).toHaveLength(2)
})

test("user_id is a plain id", async () => {
  const identity = firstOf([byTrustedUserId("anywhere")])
  expect(await identity.identify(handshake("?user_id="))).toBeUndefined()
  for (const bad of ["a%20b", "a%00", "x".repeat(129), "%E5%BC%A0"])
    await expect(identity.identify(handshake(`?user_id=${bad}`))).rejects.toMatchObject({ code: "bad_request" })
})

test("user_id is believed only where the configuration says", async () => {
  const loopback = firstOf([byTrustedUserId("loopback")])
  expect(await loopback.identify(handshake("?user_id=7", true))).toEqual({ userId: "7" })
  expect(await loopback.identify(handshake("?user_id=7", false))).toBeUndefined()
  expect(await firstOf([byTrustedUserId("off")]).identify(handshake("?user_id=7", true))).toBeUndefined()
})

test("a back end has the key, or is on the loopback interface where that counts; a wrong key is refused", () => {
  const isBackEnd = backEndBy(createApiKeys(["k"]), { loopback: true })
  expect(isBackEnd(handshake("?api_key=k"))).toBe(true)
  expect(isBackEnd(handshake("", true))).toBe(true)
  expect(isBackEnd(handshake("", false))).toBe(false)
  expect(backEndBy(createApiKeys(["k"]), { loopback: false })(handshake("", true))).toBe(false)
  for (const wrong of [handshake("?api_key=x", true), handshake("", true, { "x-api-key": "x" })])
    expect(() => isBackEnd(wrong)).toThrow("not one of the server's API keys")
  expect(isBackEnd(handshake("", false, { authorization: "Bearer some.jwt.here" }))).toBe(false)
})

test("the API key is the back end", async () => {
  const identity = firstOf([byApiKey(createApiKeys(["k"]))])
  expect(await identity.identify(handshake("?api_key=k"))).toEqual({ userId: "", backEnd: true })
  expect(await identity.identify(handshake("?api_key=no"))).toBeUndefined()
})
