import { describe, expect, test } from "bun:test"
import { createCipheriv, createHmac, randomBytes } from "node:crypto"
import { type LaravelCookieOptions, laravelCookieText } from "./laravel-cookie.ts"
import { decryptLaravel, LARAVEL_CIPHERS, type LaravelCipher, laravelKeys } from "./laravel-envelope.ts"

const ID = "lRP9Z2kEwpfHmMqb7wgFqz0aLDwvvarJ99ptCiRN"
const COOKIE = "shop-session"

/** What Laravel's Encrypter makes. */
function envelope(plain: string, key: Buffer, cipher: LaravelCipher, change: Record<string, unknown> = {}): string {
  const isGcm = cipher.endsWith("GCM")
  const iv = randomBytes(isGcm ? 12 : 16)
  const encrypt = createCipheriv(cipher.toLowerCase() as "aes-256-gcm", key, iv)
  const parts = {
    iv: iv.toString("base64"),
    value: Buffer.concat([encrypt.update(plain), encrypt.final()]).toString("base64"),
  }
  const mac = isGcm
    ? ""
    : createHmac("sha256", key)
        .update(parts.iv + parts.value)
        .digest("hex")
  const tag = isGcm ? encrypt.getAuthTag().toString("base64") : ""
  return Buffer.from(JSON.stringify({ ...parts, mac, tag, ...change })).toString("base64")
}

const keyFor = (cipher: LaravelCipher): Buffer => randomBytes(cipher.startsWith("AES-256") ? 32 : 16)
const prefix = (name: string, key: Buffer) => `${createHmac("sha1", key).update(`${name}v2`).digest("hex")}|`

function options(keys: readonly Buffer[], change: Partial<LaravelCookieOptions> = {}): LaravelCookieOptions {
  return { keys, cipher: "AES-256-CBC", encrypted: true, serialized: false, prefixed: true, ...change }
}

describe("a cookie of Laravel", () => {
  for (const cipher of LARAVEL_CIPHERS)
    test(`with ${cipher}`, () => {
      const key = keyFor(cipher)
      const cookie = envelope(prefix(COOKIE, key) + ID, key, cipher)
      expect(laravelCookieText(COOKIE, cookie, options([key], { cipher }))).toBe(ID)
      expect(laravelCookieText("other", cookie, options([key], { cipher }))).toBeUndefined()
      expect(laravelCookieText(COOKIE, cookie, options([keyFor(cipher)], { cipher }))).toBeUndefined()
    })

  const key = keyFor("AES-256-CBC")
  const older = keyFor("AES-256-CBC")

  test("made with a previous key is good, prefix and all", () => {
    const cookie = envelope(prefix(COOKIE, older) + ID, older, "AES-256-CBC")
    expect(laravelCookieText(COOKIE, cookie, options([key, older]))).toBe(ID)
    expect(laravelCookieText(COOKIE, cookie, options([key]))).toBeUndefined()
  })

  test("before 8.54 has no tag", () => {
    const cookie = envelope(prefix(COOKIE, key) + ID, key, "AES-256-CBC", { tag: undefined })
    expect(laravelCookieText(COOKIE, cookie, options([key]))).toBe(ID)
  })

  test("of an application that serializes cookies", () => {
    const text = prefix(COOKIE, key) + ID
    const cookie = envelope(`s:${text.length}:"${text}";`, key, "AES-256-CBC")
    expect(laravelCookieText(COOKIE, cookie, options([key], { serialized: true }))).toBe(ID)
    expect(laravelCookieText(COOKIE, cookie, options([key]))).toBeUndefined()
  })

  test("of an old Laravel has no prefix, which must be allowed first", () => {
    const cookie = envelope(ID, key, "AES-256-CBC")
    expect(laravelCookieText(COOKIE, cookie, options([key], { prefixed: false }))).toBe(ID)
    expect(laravelCookieText(COOKIE, cookie, options([key]))).toBeUndefined()
  })

  test("that the application does not encrypt is the bare text", () => {
    expect(laravelCookieText(COOKIE, ID, options([key], { encrypted: false, prefixed: true }))).toBe(ID)
  })
})

describe("an envelope that was tampered with", () => {
  const cipher = "AES-256-CBC"
  const key = keyFor(cipher)
  const changes: Record<string, Record<string, unknown>> = {
    "no mac": { mac: "" },
    "another mac": { mac: "0".repeat(64) },
    "a mac that is a list": { mac: ["x"] },
    "a tag where there is none": { tag: "AAAAAAAAAAAAAAAAAAAAAA==" },
    "an iv too short": { iv: "AAAA" },
    "an iv of another alphabet": { iv: "----------------------==" },
    "no value": { value: undefined },
  }
  for (const [name, change] of Object.entries(changes))
    test(name, () => expect(decryptLaravel(envelope("x", key, cipher, change), [key], cipher)).toBeUndefined())

  test("GCM with a tag of four bytes, which OpenSSL itself would take", () => {
    const gcm = "AES-256-GCM"
    const whole = JSON.parse(Buffer.from(envelope("x", key, gcm), "base64").toString()) as { tag: string }
    const tag = Buffer.from(whole.tag, "base64").subarray(0, 4).toString("base64")
    const cut = Buffer.from(JSON.stringify({ ...whole, tag })).toString("base64")
    expect(decryptLaravel(cut, [key], gcm)).toBeUndefined()
    expect(decryptLaravel(Buffer.from(JSON.stringify(whole)).toString("base64"), [key], gcm)?.toString()).toBe("x")
  })

  for (const text of ["", "%%%", "e30=", "bnVsbA==", "W10=", Buffer.from('"text"').toString("base64")])
    test(JSON.stringify(text), () => expect(decryptLaravel(text, [key], cipher)).toBeUndefined())
})

test("keys are what the .env file says", () => {
  const key = randomBytes(32)
  expect(laravelKeys([`base64:${key.toString("base64")}`], "AES-256-CBC")).toEqual([key])
  expect(laravelKeys(["SomeRandomStringOf32Characters!!"], "AES-256-GCM")).toHaveLength(1)
  expect(() => laravelKeys([`base64:${key.toString("base64")}`, "short"], "AES-256-CBC")).toThrow("previous key 1")
})
