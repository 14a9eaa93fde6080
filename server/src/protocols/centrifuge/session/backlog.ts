import type { Frame } from "../../../core/connection.ts"
import type { CommandReader } from "../codec/codec.ts"
import type { Command } from "../codec/messages.ts"

interface Waiting {
  readonly reader: CommandReader
  readonly bytes: number
}

/** What a waiting frame costs beside its text, so that a flood of tiny ones is bounded too. */
const FRAME_BYTES = 64

/** Frames whose commands are not started yet, in order of arrival. Kept as they came: decoding waits, too. */
export class Backlog {
  readonly #frames: Waiting[] = []
  #bytes = 0

  /** About the bytes (of text: UTF-16 units) held. */
  get bytes(): number {
    return this.#bytes
  }

  add(frame: Frame, reader: CommandReader): void {
    const bytes = FRAME_BYTES + frame.length
    this.#frames.push({ reader, bytes })
    this.#bytes += bytes
  }

  /** Undefined: nothing waits. @throws BadFrame */
  next(): Command | undefined {
    for (;;) {
      const first = this.#frames[0]
      if (first === undefined) return undefined
      const command = first.reader.next()
      if (command !== undefined) return command
      this.#frames.shift()
      this.#bytes -= first.bytes
    }
  }
}
