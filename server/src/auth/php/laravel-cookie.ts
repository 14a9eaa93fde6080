import { createHmac } from "node:crypto"
import { decryptLaravel, equal, type LaravelCipher, type LaravelKeys } from "./laravel-envelope.ts"
import { unserializedString } from "./unserialize.ts"

/** How a Laravel site writes its session cookie. */
export interface LaravelCookieOptions {
  readonly keys: LaravelKeys
  readonly cipher: LaravelCipher
  /** False: the application names the cookie in `EncryptCookies::$except`, and it is the bare text. */
  readonly encrypted: boolean
  /** The application set `EncryptCookies::$serialize`. */
  readonly serialized: boolean
  /** False: before 6.18.27 and 7.22.0 nothing tied a value to its cookie. */
  readonly prefixed: boolean
}

const PREFIX_LENGTH = 41

/**
 * The text of a cookie that Laravel encrypted; undefined for one that it did not, or did for a cookie of another name.
 *
 * @param value - the cookie's value, percent-decoded
 */
export function laravelCookieText(name: string, value: string, options: LaravelCookieOptions): string | undefined {
  if (!options.encrypted) return value
  const plain = decryptLaravel(value, options.keys, options.cipher)
  const bytes = plain && options.serialized ? unserializedString(plain) : plain
  const text = bytes && Buffer.from(bytes).toString("utf8")
  if (text === undefined || !options.prefixed) return text
  return options.keys.some((key) => equal(text.slice(0, PREFIX_LENGTH), prefix(name, key)))
    ? text.slice(PREFIX_LENGTH)
    : undefined
}

/** Without it a visitor could send another of his cookies, also encrypted by the site, in the session's place. */
function prefix(name: string, key: Buffer): string {
  return `${createHmac("sha1", key).update(`${name}v2`).digest("hex")}|`
}
