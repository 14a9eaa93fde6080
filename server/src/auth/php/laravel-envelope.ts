import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto"

/** `app.cipher`. */
export const LARAVEL_CIPHERS = ["AES-256-CBC", "AES-128-CBC", "AES-256-GCM", "AES-128-GCM"] as const
export type LaravelCipher = (typeof LARAVEL_CIPHERS)[number]

/** `APP_KEY` and the keys before it, as bytes. The current one first. */
export type LaravelKeys = readonly Buffer[]

/**
 * @param appKeys - `APP_KEY` and then those of `APP_PREVIOUS_KEYS`, as written in the `.env` file
 * @throws Error when a key has not the length the cipher needs; the message does not show it
 */
export function laravelKeys(appKeys: readonly string[], cipher: LaravelCipher): LaravelKeys {
  const expected = cipher.startsWith("AES-256") ? 32 : 16
  return appKeys.map((text, index) => {
    const key = text.startsWith("base64:") ? Buffer.from(text.slice("base64:".length), "base64") : Buffer.from(text)
    if (key.length === expected) return key
    const which = index === 0 ? "APP_KEY" : `previous key ${index}`
    throw new Error(`${which} must be ${expected} bytes for ${cipher}, got ${key.length} (is its "base64:" missing?)`)
  })
}

interface Envelope {
  readonly iv: string
  readonly value: string
  readonly mac: string
  readonly tag: string
}

const IV_BYTES = { CBC: 16, GCM: 12 } as const
const TAG_BYTES = 16

/**
 * Opens what Laravel's `Encrypter` made: base64 of a JSON object with `iv`, `value`, `mac` and `tag`.
 *
 * Undefined for anything that was not made with one of the keys; which check failed is told to nobody.
 */
export function decryptLaravel(text: string, keys: LaravelKeys, cipher: LaravelCipher): Buffer | undefined {
  const envelope = parseEnvelope(text)
  if (!envelope) return undefined
  const open = cipher.endsWith("GCM") ? openGcm : openCbc
  for (const key of keys) {
    const plain = open(envelope, key, cipher)
    if (plain) return plain
  }
  return undefined
}

function parseEnvelope(text: string): Envelope | undefined {
  const parsed = parseJson(Buffer.from(text, "base64").toString("utf8"))
  if (typeof parsed !== "object" || parsed === null) return undefined
  // Before Laravel 8.54 there is no tag.
  const { iv, value, mac, tag = "" } = parsed as Record<string, unknown>
  if (typeof iv !== "string" || typeof value !== "string" || typeof mac !== "string" || typeof tag !== "string") return
  return { iv, value, mac, tag }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function openCbc({ iv, value, mac, tag }: Envelope, key: Buffer, cipher: LaravelCipher): Buffer | undefined {
  const vector = strictBase64(iv, IV_BYTES.CBC)
  if (!vector || tag !== "") return undefined
  const expected = createHmac("sha256", key).update(iv).update(value).digest("hex")
  if (!equal(mac, expected)) return undefined
  return decipher(() => createDecipheriv(cipher.toLowerCase(), key, vector), value)
}

function openGcm({ iv, value, tag }: Envelope, key: Buffer, cipher: LaravelCipher): Buffer | undefined {
  const vector = strictBase64(iv, IV_BYTES.GCM)
  // A shorter tag would be accepted by OpenSSL, and is easier to guess.
  const seal = strictBase64(tag, TAG_BYTES)
  if (!vector || !seal) return undefined
  const name = cipher.toLowerCase() as "aes-256-gcm"
  return decipher(() => createDecipheriv(name, key, vector, { authTagLength: TAG_BYTES }).setAuthTag(seal), value)
}

function decipher(create: () => { update(data: Buffer): Buffer; final(): Buffer }, value: string): Buffer | undefined {
  try {
    const decipher = create()
    return Buffer.concat([decipher.update(Buffer.from(value, "base64")), decipher.final()])
  } catch {
    // Wrong padding or a tag that does not fit: not made with this key.
    return undefined
  }
}

function strictBase64(text: string, bytes: number): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const decoded = Buffer.from(text, "base64")
  return decoded.length === bytes ? decoded : undefined
}

/** Compares in a time that depends on the lengths only. */
export function equal(given: string, expected: string): boolean {
  const left = Buffer.from(given)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}
