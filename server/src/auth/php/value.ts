/**
 * What PHP stores, as plain nodes. Class names are text and nothing is ever made by them.
 *
 * Back references share nodes, so a few hundred bytes can stand for billions of values and a value can contain
 * itself: whoever walks them looks up one path and never copies or expands the whole.
 */
export type PhpValue =
  | null
  | boolean
  /** An integer JavaScript holds exactly; the others are bigints. */
  | number
  | bigint
  /** A string: bytes, UTF-8 only by custom. */
  | Uint8Array
  | PhpFloat
  | PhpArray
  | PhpObject
  | PhpCustom
  | PhpEnum

/** A float, told from an integer of the same value. */
export class PhpFloat {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** Members of an array or object in their order, under names of bytes (`byteName`). Integer keys are their decimal text. */
export class PhpMembers {
  readonly #members = new Map<string, PhpValue>()

  /** Of two equal names the later value counts, in the place of the first. */
  set(name: string, value: PhpValue): void {
    this.#members.set(name, value)
  }

  get(name: string): PhpValue | undefined {
    return this.#members.get(name)
  }

  [Symbol.iterator](): IterableIterator<[string, PhpValue]> {
    return this.#members[Symbol.iterator]()
  }
}

/** An array; lists too are pairs of name and value. */
export class PhpArray {
  readonly members = new PhpMembers()
}

/** An object with the properties it was stored with. */
export class PhpObject {
  readonly className: string
  readonly members = new PhpMembers()
  constructor(className: string) {
    this.className = className
  }
}

/** An object that wrote its own bytes (`Serializable`); they are kept unread. */
export class PhpCustom {
  readonly className: string
  readonly payload: Uint8Array
  constructor(className: string, payload: Uint8Array) {
    this.className = className
    this.payload = payload
  }
}

/** A case of an enum (PHP 8.1). */
export class PhpEnum {
  readonly className: string
  readonly caseName: string
  constructor(className: string, caseName: string) {
    this.className = className
    this.caseName = caseName
  }
}

/** Bytes as a string with one character per byte: the form in which names are compared. */
export function byteName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
}

/** The name of bytes that this text has in PHP. */
export function nameOfText(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1")
}

/** Without the marks PHP puts before the names of protected and private properties. */
export function propertyName(name: string): string {
  return name.startsWith("\0") ? name.slice(name.lastIndexOf("\0") + 1) : name
}

const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER)
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/** A 64-bit integer as a number when that is exact. Beyond 64 bits it is cut to the largest, as PHP does. */
export function phpInteger(value: bigint): number | bigint {
  if (value >= MIN_SAFE && value <= MAX_SAFE) return Number(value)
  if (value > INT64_MAX) return INT64_MAX
  return value < INT64_MIN ? INT64_MIN : value
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of a string that is UTF-8; undefined for any other bytes. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Goes down by names through arrays and properties of objects alike. Undefined: there is nothing at the path. */
export function valueAt(root: PhpValue, path: readonly string[]): PhpValue | undefined {
  let at: PhpValue | undefined = root
  for (const step of path) {
    if (!(at instanceof PhpArray || at instanceof PhpObject)) return undefined
    at = at.members.get(nameOfText(step))
  }
  return at
}
