import { UnreadableBytes } from "./reading.ts"

/** Farthest back that the short form reaches; in level 2 a longer form begins there. */
const MAX_SHORT_DISTANCE = 8_191

/**
 * Decompresses FastLZ, levels 1 and 2: what ext-memcached does with long values unless told otherwise.
 *
 * @param length - bytes of the original; the caller has bounded it. Fewer or more are refused
 * @throws UnreadableBytes
 */
export function decompressFastLz(input: Uint8Array, length: number): Uint8Array {
  const level = (input[0] ?? 0) >> 5
  if (level > 1) throw new UnreadableBytes(`expected FastLZ level 1 or 2, got level ${level + 1}`)
  return new FastLzReader(input, length, level === 1).output()
}

class FastLzReader {
  readonly #input: Uint8Array
  readonly #output: Uint8Array
  readonly #isLevel2: boolean
  #from = 0
  #to = 0

  constructor(input: Uint8Array, length: number, isLevel2: boolean) {
    this.#input = input
    this.#output = new Uint8Array(length)
    this.#isLevel2 = isLevel2
  }

  output(): Uint8Array {
    // The first byte carries the level in its upper bits.
    let code = this.#byte() & 31
    for (;;) {
      if (code < 32) this.#copyLiteral(code + 1)
      else this.#copyMatch(code)
      if (this.#from >= this.#input.length) break
      code = this.#byte()
    }
    if (this.#to !== this.#output.length)
      throw new UnreadableBytes(`FastLZ made ${this.#to} bytes, ${this.#output.length} were announced`)
    return this.#output
  }

  #copyLiteral(length: number): void {
    if (length > this.#input.length - this.#from) throw new UnreadableBytes("FastLZ ends inside a literal")
    this.#ensureRoom(length)
    this.#output.set(this.#input.subarray(this.#from, this.#from + length), this.#to)
    this.#from += length
    this.#to += length
  }

  #copyMatch(code: number): void {
    let length = (code >> 5) - 1
    if (length === 6) length += this.#lengthMore()
    const near = this.#byte()
    let distance = ((code & 31) << 8) + near
    if (this.#isLevel2 && near === 255 && (code & 31) === 31)
      distance = MAX_SHORT_DISTANCE + this.#byte() * 256 + this.#byte()
    this.#repeat(distance + 1, length + 3)
  }

  #lengthMore(): number {
    let more = this.#byte()
    if (!this.#isLevel2) return more
    for (let byte = more; byte === 255; more += byte) byte = this.#byte()
    return more
  }

  /** Byte by byte, as source and target may overlap. */
  #repeat(distance: number, length: number): void {
    if (distance > this.#to) throw new UnreadableBytes("FastLZ points before the beginning")
    this.#ensureRoom(length)
    for (let count = 0; count < length; count++, this.#to++)
      this.#output[this.#to] = this.#output[this.#to - distance] ?? 0
  }

  #ensureRoom(length: number): void {
    if (length > this.#output.length - this.#to) throw new UnreadableBytes("FastLZ makes more than was announced")
  }

  #byte(): number {
    const byte = this.#input[this.#from]
    if (byte === undefined) throw new UnreadableBytes("FastLZ ends inside a match")
    this.#from++
    return byte
  }
}
