import type { Frame } from "../../../core/connection.ts"
import type { Answer, Command, Push } from "./messages.ts"

/** A frame that breaks the protocol. The message is for the close reason: plain, short, no input in it. */
export class BadFrame extends Error {}

/** The commands of one frame, read one by one: what is not yet due stays as compact as it came. */
export interface CommandReader {
  /** Undefined: no more. @throws BadFrame */
  next(): Command | undefined
}

/** One wire format of the protocol. */
export interface Codec {
  readonly kind: "json" | "protobuf" | "unidirectional"
  /** Name of the core encoder that writes the same frames. */
  readonly format: string
  readonly ping: Frame
  isPong(frame: Frame): boolean
  /** @throws BadFrame for a frame of the wrong type or an empty one */
  read(frame: Frame): CommandReader
  /** @throws NotJsonPayload */
  reply(id: number, answer: Answer): Frame
  /** @throws NotJsonPayload */
  push(push: Push): Frame
  join(frames: readonly Frame[]): Frame
}
