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

const HEAD_BYTES = 4
const REFERENCE = 0x25
const ENUM_BODY = 0x27
const NULL_KEY = 0x00

/** Widths in bytes of the number behind a type byte, by type byte. */
const widths = (...types: readonly [number, number][]): ReadonlyMap<number, number> => new Map(types)

const POSITIVE = widths([0x06, 1], [0x08, 2], [0x0a, 4], [0x20, 8])
const NEGATIVE = widths([0x07, 1], [0x09, 2], [0x0b, 4], [0x21, 8])
const STRING = widths([0x11, 1], [0x12, 2], [0x13, 4], [0x26, 8])
const SEEN_STRING = widths([0x0e, 1], [0x0f, 2], [0x10, 4])
const ARRAY = widths([0x14, 1], [0x15, 2], [0x16, 4])
const OBJECT = widths([0x17, 1], [0x18, 2], [0x19, 4])
const OBJECT_OF_SEEN_CLASS = widths([0x1a, 1], [0x1b, 2], [0x1c, 4])
const CUSTOM_BODY = widths([0x1d, 1], [0x1e, 2], [0x1f, 4])
const SEEN_VALUE = widths([0x01, 1], [0x02, 2], [0x03, 4], [0x22, 1], [0x23, 2], [0x24, 4])

class IgbinaryReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #strings: Uint8Array[] = []
  /** Arrays, objects and referenced scalars, in the order in which they begin. */
  readonly #values: (PhpValue | undefined)[] = []
  readonly #budget = new ReadBudget()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  document(): PhpValue {
    const version = this.#bytes.length < HEAD_BYTES ? undefined : this.#unsigned(HEAD_BYTES)
    if (version !== 1 && version !== 2) return this.#fail("the head of igbinary, 00 00 00 02", 0)
    const value = this.#value()
    return this.#at === this.#bytes.length ? value : this.#fail("the end")
  }

  #value(): PhpValue {
    const type = this.#type()
    return type === REFERENCE ? this.#reference() : this.#plain(type)
  }

  /** A scalar takes a number only here; arrays and objects have theirs anyway, and what was seen before has one. */
  #reference(): PhpValue {
    const type = this.#type()
    if (type === REFERENCE) this.#fail("a value behind a reference")
    const numbersItself = [ARRAY, OBJECT, OBJECT_OF_SEEN_CLASS, SEEN_VALUE].some((types) => types.has(type))
    const value = this.#plain(type)
    if (!numbersItself) this.#values.push(value)
    return value
  }

  #plain(type: number): PhpValue {
    this.#budget.value()
    const width = (types: ReadonlyMap<number, number>) => types.get(type)
    const simple = SIMPLE.get(type)
    if (simple !== undefined) return simple
    const positive = width(POSITIVE)
    if (positive !== undefined) return this.#integer(positive, 1n)
    const negative = width(NEGATIVE)
    if (negative !== undefined) return this.#integer(negative, -1n)
    if (type === 0x0c) return new PhpFloat(this.#float())
    const seen = width(SEEN_VALUE)
    if (seen !== undefined) return this.#seenValue(seen)
    const array = width(ARRAY)
    if (array !== undefined) return this.#array(array)
    return this.#object(type) ?? this.#string(type) ?? this.#fail("the byte of a type", this.#at - 1)
  }

  #seenValue(width: number): PhpValue {
    const value = this.#values[this.#unsigned(width)]
    return value === undefined ? this.#fail("the number of a value before it") : value
  }

  #integer(width: number, sign: 1n | -1n): number | bigint {
    // Adding 0 makes -0 an integer's 0.
    if (width < 8) return Number(sign) * this.#unsigned(width) + 0
    this.#ensure(width)
    const value = this.#view.getBigUint64(this.#at)
    this.#at += width
    // Like the extension, which multiplies in 64 bits.
    return phpInteger(BigInt.asIntN(64, value * sign))
  }

  #float(): number {
    this.#ensure(8)
    const value = this.#view.getFloat64(this.#at)
    this.#at += 8
    return value
  }

  /** Undefined when the type is not a string's. */
  #string(type: number): Uint8Array | undefined {
    if (type === 0x0d) return EMPTY
    const seen = SEEN_STRING.get(type)
    if (seen !== undefined) return this.#strings[this.#unsigned(seen)] ?? this.#fail("the number of a string before it")
    const width = STRING.get(type)
    return width === undefined ? undefined : this.#newString(this.#unsigned(width))
  }

  #newString(length: number): Uint8Array {
    const bytes = this.#take(length)
    if (length > 0) this.#strings.push(bytes)
    return bytes
  }

  #array(width: number): PhpArray {
    const array = new PhpArray()
    this.#values.push(array)
    this.#members(width, array.members, (name) => name)
    return array
  }

  /** Undefined when the type is not an object's. */
  #object(type: number): PhpValue | undefined {
    const named = OBJECT.get(type)
    const seen = OBJECT_OF_SEEN_CLASS.get(type)
    if (named !== undefined) return this.#body(byteName(this.#newString(this.#unsigned(named))))
    if (seen === undefined) return undefined
    const className = this.#strings[this.#unsigned(seen)]
    return className ? this.#body(byteName(className)) : this.#fail("the number of a class name before it")
  }

  #body(className: string): PhpValue {
    const object = new PhpObject(className)
    const number = this.#values.push(object) - 1
    const type = this.#type()
    const properties = ARRAY.get(type)
    if (properties !== undefined) {
      this.#members(properties, object.members, propertyName)
      return object
    }
    const closed = this.#closedBody(className, type)
    this.#values[number] = closed
    return closed
  }

  #closedBody(className: string, type: number): PhpValue {
    const custom = CUSTOM_BODY.get(type)
    if (custom !== undefined) return new PhpCustom(className, this.#take(this.#unsigned(custom)))
    if (type !== ENUM_BODY) return this.#fail("the body of an object", this.#at - 1)
    const caseName = this.#string(this.#type())
    return caseName ? new PhpEnum(className, byteName(caseName)) : this.#fail("the name of an enum's case")
  }

  #members(width: number, into: PhpMembers, nameOf: (key: string) => string): void {
    const count = this.#unsigned(width)
    if (count > this.#left) this.#fail("no more elements than bytes are left")
    this.#budget.enter()
    for (let index = 0; index < count; index++) {
      const key = this.#key()
      if (key !== undefined) into.set(nameOf(key), this.#value())
    }
    this.#budget.leave()
  }

  /** Undefined: an uninitialized property, which has no value. */
  #key(): string | undefined {
    const type = this.#type()
    if (type === NULL_KEY) return undefined
    const positive = POSITIVE.get(type)
    if (positive !== undefined) return String(this.#integer(positive, 1n))
    const negative = NEGATIVE.get(type)
    if (negative !== undefined) return String(this.#integer(negative, -1n))
    const bytes = this.#string(type)
    return bytes ? byteName(bytes) : this.#fail("a key: an integer or a string", this.#at - 1)
  }

  #type(): number {
    return this.#unsigned(1)
  }

  #unsigned(width: number): number {
    this.#ensure(width)
    let value = 0
    for (let index = 0; index < width; index++) value = value * 256 + this.#view.getUint8(this.#at + index)
    this.#at += width
    return value
  }

  #take(length: number): Uint8Array {
    this.#ensure(length)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }

  #ensure(length: number): void {
    if (length > this.#left) this.#fail("as many bytes as announced")
  }

  get #left(): number {
    return this.#bytes.length - this.#at
  }

  #fail(expected: string, at = this.#at): never {
    throw new UnreadableBytes(`expected ${expected} at byte ${at} of ${this.#bytes.length}`)
  }
}

const EMPTY = new Uint8Array(0)
const SIMPLE = new Map<number, PhpValue>([
  [0x00, null],
  [0x04, false],
  [0x05, true],
])

/**
 * Reads igbinary, format versions 1 and 2: exactly one value and nothing behind it.
 *
 * @throws UnreadableBytes
 */
export function readIgbinary(bytes: Uint8Array): PhpValue {
  return new IgbinaryReader(bytes).document()
}
