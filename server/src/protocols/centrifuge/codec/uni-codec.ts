import { UNIDIRECTIONAL_FORMAT } from "../formats.ts"
import { BadFrame, type Codec, type CommandReader } from "./codec.ts"
import { jsonCodec } from "./json-codec.ts"
import { ensureShape, parseObject } from "./json-read.ts"
import { writeMessage } from "./json-write.ts"
import type { Answer, Command, Push, WireConnectRequest } from "./messages.ts"

/** The one frame of a unidirectional client: a connect request without wrapper and id. */
class ConnectReader implements CommandReader {
  #text: string | undefined

  constructor(text: string) {
    this.#text = text
  }

  next(): Command | undefined {
    if (this.#text === undefined) return undefined
    const request = parseObject(this.#text)
    this.#text = undefined
    ensureShape("ConnectRequest", "connect", request)
    return { id: 1, kind: "connect", request: request as WireConnectRequest }
  }
}

/** A `subscribe` push also says whether everything missed follows, because these clients get no reply that could say it. */
function write(push: Push): string {
  if (!("subscribe" in push)) return writeMessage("Push", push)
  return `{"channel":${JSON.stringify(push.channel)},"subscribe":${writeMessage("SubscribeResult", push.subscribe)}}`
}

/** JSON for clients without an SDK: pushes as they are, the connect reply as one of them, nothing else. */
export const uniCodec: Codec = {
  kind: "unidirectional",
  format: UNIDIRECTIONAL_FORMAT,
  ping: "{}",
  isPong: () => false,
  read(frame) {
    if (typeof frame !== "string") throw new BadFrame("this connection speaks JSON in text frames")
    return new ConnectReader(frame)
  },
  reply(_id, answer: Answer) {
    if (!("connect" in answer)) throw new Error("a unidirectional client asks nothing but to connect")
    return write(answer)
  },
  push: write,
  join: jsonCodec.join,
}
