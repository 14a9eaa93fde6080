/**
 * Frames on a byte pipe: `[u32 length, little endian][UTF-8 text]`.
 *
 * Length first, because a pipe has no message borders and text with separators would have to be searched for them.
 */
const HEADER_BYTES = 4

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** The bytes of one frame. */
export function encodeFrame(text: string): Uint8Array {
  // Three bytes per UTF-16 unit is the worst case of UTF-8: one allocation, one pass.
  const room = new Uint8Array(HEADER_BYTES + text.length * 3)
  const { written } = encoder.encodeInto(text, room.subarray(HEADER_BYTES))
  new DataView(room.buffer).setUint32(0, written, true)
  return room.subarray(0, HEADER_BYTES + written)
}

/** Cuts a byte stream back into frames, whatever the borders of its chunks. */
export class FrameReader {
  readonly #maxFrameBytes: number
  /** What arrived and is not yet a whole frame. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  /** Bytes that make the next frame whole, header included; while the header itself is incomplete, its size. */
  #needBytes = HEADER_BYTES

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** @throws Error when a frame claims more than `maxFrameBytes`, or is no UTF-8: the other end is not ours or is broken */
  push(chunk: Uint8Array, onFrame: (text: string) => void): void {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    while (this.#heldBytes >= this.#needBytes) {
      const bytes = this.#join()
      if (this.#needBytes === HEADER_BYTES) {
        this.#needBytes = HEADER_BYTES + this.#lengthOf(bytes)
        if (this.#needBytes > HEADER_BYTES) continue
      }
      const text = decoder.decode(bytes.subarray(HEADER_BYTES, this.#needBytes))
      this.#keep(bytes.subarray(this.#needBytes))
      onFrame(text)
    }
  }

  #lengthOf(bytes: Uint8Array): number {
    const length = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES).getUint32(0, true)
    if (length <= this.#maxFrameBytes) return length
    throw new Error(`frame of ${length} bytes: the limit is ${this.#maxFrameBytes}; the stream is damaged or not ours`)
  }

  #join(): Uint8Array {
    const [first] = this.#held
    if (first !== undefined && this.#held.length === 1) return first
    const whole = Buffer.concat(this.#held, this.#heldBytes)
    this.#held = [whole]
    return whole
  }

  #keep(rest: Uint8Array): void {
    this.#held = rest.length === 0 ? [] : [rest]
    this.#heldBytes = rest.length
    this.#needBytes = HEADER_BYTES
  }
}
