import type { Frame } from "../../../core/connection.ts"
import { JSON_FORMAT } from "../formats.ts"
import { BadFrame, type Codec, type CommandReader } from "./codec.ts"
import { readCommand } from "./json-read.ts"
import { writeMessage } from "./json-write.ts"
import type { Answer, Command, Push } from "./messages.ts"

class JsonReader implements CommandReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): Command | undefined {
    while (this.#at < this.#text.length) {
      const newline = this.#text.indexOf("\n", this.#at)
      const end = newline < 0 ? this.#text.length : newline
      const line = this.#text.slice(this.#at, end)
      this.#at = end + 1
      // A trailing newline, or "\r\n", leaves nothing between two.
      if (line.trim() !== "") return readCommand(line)
    }
    return undefined
  }
}

/** Answers of every publish and unsubscribe: not worth a walk through the schema. */
function writeReply(id: number, answer: Answer): string {
  if ("publish" in answer) return `{"id":${id},"publish":{}}`
  if ("unsubscribe" in answer) return `{"id":${id},"unsubscribe":{}}`
  return writeMessage("Reply", { id, ...answer })
}

export const jsonCodec: Codec = {
  kind: "json",
  format: JSON_FORMAT,
  ping: "{}",
  isPong: (frame) => frame === "{}",
  read(frame: Frame): CommandReader {
    if (typeof frame !== "string") throw new BadFrame("this connection speaks JSON in text frames")
    if (frame.length === 0) throw new BadFrame("empty frame")
    return new JsonReader(frame)
  },
  reply: writeReply,
  push: (push: Push): string => `{"push":${writeMessage("Push", push)}}`,
  join: (frames) => frames.join("\n"),
}
