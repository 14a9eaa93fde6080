import { readIgbinary } from "./igbinary.ts"
import { READ_LIMITS, UnreadableBytes } from "./reading.ts"
import { Unserializer, unserialize } from "./unserialize.ts"
import { byteName, PhpArray } from "./value.ts"

/** `session.serialize_handler`. */
export const SERIALIZE_HANDLERS = ["php", "php_binary", "php_serialize", "igbinary"] as const
export type SerializeHandler = (typeof SERIALIZE_HANDLERS)[number]

/**
 * The variables of one of PHP's own sessions. Bytes with any fault in them are no session at all, as in PHP:
 * nothing is taken from the part before the fault.
 *
 * @throws UnreadableBytes
 */
export function readSession(handler: SerializeHandler, bytes: Uint8Array): PhpArray {
  ensureSize(bytes)
  // A session that was opened and never written to; memcached also holds this while PHP reserves a new id.
  if (bytes.length === 0) return new PhpArray()
  return READERS[handler](bytes)
}

/** @throws UnreadableBytes */
export function ensureSize(bytes: Uint8Array): void {
  if (bytes.length > READ_LIMITS.maxBytes)
    throw new UnreadableBytes(`${bytes.length} bytes, at most ${READ_LIMITS.maxBytes} are read`)
}

const READERS: Readonly<Record<SerializeHandler, (bytes: Uint8Array) => PhpArray>> = {
  php: readNamed,
  php_binary: readCountedNames,
  php_serialize: (bytes) => arrayOf(unserialize(bytes)),
  igbinary: (bytes) => withoutIntegerNames(arrayOf(readIgbinary(bytes))),
}

const BAR = 0x7c

/** Name, `|`, value, and so on: only a value's own grammar says where the next name begins. */
function readNamed(bytes: Uint8Array): PhpArray {
  const variables = new PhpArray()
  const reader = new Unserializer(bytes)
  let at = 0
  while (at < bytes.length) {
    const bar = bytes.indexOf(BAR, at)
    if (bar < 0) throw new UnreadableBytes(`expected "|" behind the name that begins at byte ${at} of ${bytes.length}`)
    const name = byteName(bytes.subarray(at, bar))
    variables.members.set(name, reader.read(bar + 1))
    at = reader.at
  }
  return variables
}

/** A byte with the name's length, the name, value, and so on. The top bit of the length once meant "no value". */
function readCountedNames(bytes: Uint8Array): PhpArray {
  const variables = new PhpArray()
  const reader = new Unserializer(bytes)
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + ((bytes[at] ?? 0) & 0x7f)
    if (nameEnd >= bytes.length) throw new UnreadableBytes(`expected a name at byte ${at} of ${bytes.length}`)
    const name = byteName(bytes.subarray(at + 1, nameEnd))
    variables.members.set(name, reader.read(nameEnd))
    at = reader.at
  }
  return variables
}

/** @throws UnreadableBytes */
export function arrayOf(value: unknown): PhpArray {
  if (value instanceof PhpArray) return value
  throw new UnreadableBytes("expected an array of variables")
}

/** PHP does not make variables of them. */
function withoutIntegerNames(session: PhpArray): PhpArray {
  const variables = new PhpArray()
  for (const [name, value] of session.members) if (!isInteger(name)) variables.members.set(name, value)
  return variables
}

function isInteger(name: string): boolean {
  return /^(0|-?[1-9]\d{0,18})$/.test(name)
}
