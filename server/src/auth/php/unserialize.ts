import { ReadBudget, UnreadableBytes } from "./reading.ts"
import {
  byteName,
  PhpArray,
  PhpCustom,
  PhpEnum,
  PhpFloat,
  type PhpMembers,
  PhpObject,
  type PhpValue,
  phpInteger,
  propertyName,
} from "./value.ts"

const CODE = { quote: 0x22, colon: 0x3a, semicolon: 0x3b, open: 0x7b, close: 0x7d, backslash: 0x5c } as const

/** Longest number PHP writes: a double of 17 digits with sign and exponent. Lenient forms may have more zeros. */
const MAX_NUMBER_LENGTH = 64

/**
 * Reads the form of PHP's `serialize()`, value by value from one string.
 *
 * Every length and count is compared with what is left before anything is made by it. Lenient and strict exactly where
 * PHP 8 is (`ext/standard/var_unserializer.re`).
 */
export class Unserializer {
  readonly #bytes: Uint8Array
  /** One for the whole input, also across the variables of a session: PHP numbers them in one table. */
  readonly #slots: (PhpValue | undefined)[] = []
  readonly #budget = new ReadBudget()
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Where the next value would begin. */
  get at(): number {
    return this.#at
  }

  /** Reads one value beginning at `at`. @throws UnreadableBytes */
  read(at: number): PhpValue {
    this.#at = at
    return this.#value()
  }

  #value(): PhpValue {
    this.#budget.value()
    const type = this.#bytes[this.#at]
    this.#at++
    if (type === CODE_R) return this.#sharedVariable()
    // Taken before the value is read, so that what is inside can point at it.
    const slot = this.#slots.push(undefined) - 1
    const value = type === CODE_r ? this.#sharedObject() : this.#ownValue(type, slot)
    this.#slots[slot] = value
    return value
  }

  #ownValue(type: number | undefined, slot: number): PhpValue {
    switch (String.fromCharCode(type ?? 0)) {
      case "N":
        this.#expect(CODE.semicolon)
        return null
      case "b":
        return this.#boolean()
      case "i":
        return phpInteger(this.#integer())
      case "d":
        return this.#float()
      case "s":
        return this.#terminated(this.#quoted())
      case "S":
        return this.#terminated(this.#escaped())
      case "a":
        return this.#array(slot)
      case "O":
        return this.#object(slot)
      case "C":
        return this.#custom()
      case "E":
        return this.#enum()
      default:
        return this.#fail("the letter of a type", this.#at - 1)
    }
  }

  #boolean(): boolean {
    const text = this.#number(CODE.semicolon)
    if (text === "0" || text === "1") return text === "1"
    return this.#fail("0 or 1")
  }

  #integer(): bigint {
    const text = this.#number(CODE.semicolon)
    if (!/^[+-]?\d+$/.test(text)) return this.#fail("an integer")
    return text.startsWith("+") ? BigInt(text.slice(1)) : BigInt(text)
  }

  #float(): PhpFloat {
    const text = this.#number(CODE.semicolon)
    const named = NAMED_FLOATS.get(text)
    if (named !== undefined) return new PhpFloat(named)
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return this.#fail("a float")
    return new PhpFloat(Number(text))
  }

  #array(slot: number): PhpArray {
    const array = new PhpArray()
    this.#slots[slot] = array
    this.#members(array.members, (key) => key)
    return array
  }

  #object(slot: number): PhpObject {
    const object = new PhpObject(this.#className())
    this.#slots[slot] = object
    this.#members(object.members, propertyName)
    return object
  }

  /** `:<n>:{…}` */
  #members(into: PhpMembers, nameOf: (key: string) => string): void {
    const count = this.#length(this.#number(CODE.colon))
    this.#expect(CODE.open)
    // The shortest pair, `i:0;N;`, has six bytes; PHP too compares the count with what is left.
    if (count > this.#left) this.#fail("no more elements than bytes are left")
    this.#budget.enter()
    for (let index = 0; index < count; index++) {
      const name = nameOf(this.#key())
      into.set(name, this.#value())
    }
    this.#budget.leave()
    this.#expect(CODE.close)
  }

  #key(): string {
    const type = this.#bytes[this.#at]
    this.#at++
    switch (String.fromCharCode(type ?? 0)) {
      case "i":
        return String(phpInteger(this.#integer()))
      case "s":
        return byteName(this.#terminated(this.#quoted()))
      case "S":
        return byteName(this.#terminated(this.#escaped()))
      default:
        return this.#fail("a key: an integer or a string", this.#at - 1)
    }
  }

  #custom(): PhpCustom {
    const className = this.#className()
    const length = this.#length(this.#number(CODE.colon))
    this.#expect(CODE.open)
    const payload = this.#take(length)
    this.#expect(CODE.close)
    return new PhpCustom(className, payload)
  }

  #enum(): PhpEnum {
    const text = byteName(this.#terminated(this.#quoted()))
    const colon = text.indexOf(":")
    if (colon < 1) return this.#fail("the class and the case of an enum")
    return new PhpEnum(text.slice(0, colon), text.slice(colon + 1))
  }

  #className(): string {
    const name = byteName(this.#quoted())
    if (!/^[\w\\\x7f-\xff]+$/.test(name)) return this.#fail("the name of a class")
    return name
  }

  /** `R:<k>;` is another name of variable k and takes no number of its own. */
  #sharedVariable(): PhpValue {
    const value = this.#slots[this.#reference()]
    return value === undefined ? this.#fail("the number of a value before it") : value
  }

  /** `r:<k>;` is object k once more. */
  #sharedObject(): PhpValue {
    const value = this.#slots[this.#reference()]
    if (value instanceof PhpObject || value instanceof PhpCustom || value instanceof PhpEnum) return value
    return this.#fail("the number of an object before it")
  }

  #reference(): number {
    return this.#length(this.#number(CODE.semicolon)) - 1
  }

  /** `:<n>:"<n bytes>"` */
  #quoted(): Uint8Array {
    const length = this.#length(this.#number(CODE.colon))
    this.#expect(CODE.quote)
    const bytes = this.#take(length)
    this.#expect(CODE.quote)
    return bytes
  }

  /** `:<n>:"…"` with `\xx` for some bytes; n counts what they stand for. */
  #escaped(): Uint8Array {
    const length = this.#length(this.#number(CODE.colon))
    this.#expect(CODE.quote)
    if (length > this.#left) this.#fail("a string that ends inside the data")
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) bytes[index] = this.#escapedByte()
    this.#expect(CODE.quote)
    return bytes
  }

  #escapedByte(): number {
    const [byte] = this.#take(1)
    if (byte !== CODE.backslash) return byte ?? 0
    const digits = byteName(this.#take(2))
    return /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : this.#fail("two hexadecimal digits")
  }

  #terminated(bytes: Uint8Array): Uint8Array {
    this.#expect(CODE.semicolon)
    return bytes
  }

  /** The characters between the colon here and the next `end`. */
  #number(end: number): string {
    this.#expect(CODE.colon)
    const limit = Math.min(this.#bytes.length, this.#at + MAX_NUMBER_LENGTH)
    for (let at = this.#at; at < limit; at++) {
      if (this.#bytes[at] !== end) continue
      const text = byteName(this.#bytes.subarray(this.#at, at))
      this.#at = at + 1
      return text
    }
    return this.#fail("a number")
  }

  #length(text: string): number {
    return /^\d{1,15}$/.test(text) ? Number(text) : this.#fail("a length or count")
  }

  #take(length: number): Uint8Array {
    if (length > this.#left) this.#fail("as many bytes as announced")
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }

  #expect(code: number): void {
    if (this.#bytes[this.#at] !== code) this.#fail(JSON.stringify(String.fromCharCode(code)))
    this.#at++
  }

  get #left(): number {
    return this.#bytes.length - this.#at
  }

  #fail(expected: string, at = this.#at): never {
    throw new UnreadableBytes(`expected ${expected} at byte ${at} of ${this.#bytes.length}`)
  }
}

const CODE_R = "R".charCodeAt(0)
const CODE_r = "r".charCodeAt(0)
const NAMED_FLOATS = new Map([
  ["INF", Number.POSITIVE_INFINITY],
  ["-INF", Number.NEGATIVE_INFINITY],
  ["NAN", Number.NaN],
])

/** Exactly one value and nothing behind it. @throws UnreadableBytes */
export function unserialize(bytes: Uint8Array): PhpValue {
  const reader = new Unserializer(bytes)
  const value = reader.read(0)
  if (reader.at !== bytes.length) throw new UnreadableBytes(`expected the end at byte ${reader.at} of ${bytes.length}`)
  return value
}

/** Undefined when the bytes are not one serialized string. */
export function unserializedString(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const value = unserialize(bytes)
    return value instanceof Uint8Array ? value : undefined
  } catch (error) {
    if (error instanceof UnreadableBytes) return undefined
    throw error
  }
}
