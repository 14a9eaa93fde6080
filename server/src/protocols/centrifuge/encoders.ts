import type { Frame } from "../../core/connection.ts"
import type { Encoder } from "../../core/fanout.ts"
import type { ClientInfo, Publication } from "../../core/publication.ts"
import type { Codec } from "./codec/codec.ts"
import { jsonCodec } from "./codec/json-codec.ts"
import { NotJsonPayload, payloadText, writeMessage } from "./codec/json-write.ts"
import { protobufCodec } from "./codec/protobuf-codec.ts"
import { uniCodec } from "./codec/uni-codec.ts"
import { toWireInfo, toWirePublication } from "./wire.ts"

/** Told when a channel got a payload that its JSON subscribers cannot be shown. */
export type UnshowablePayload = (channel: string) => void

/**
 * The encoders core fans out with. Made before `Channels`, which wants them; `createCentrifuge` fills in
 * what happens to JSON subscribers of a channel that carries binary payloads.
 */
export interface CentrifugeEncoders {
  readonly json: Encoder
  readonly protobuf: Encoder
  /** For the unidirectional transports. */
  readonly unidirectional: Encoder
  onUnshowable: UnshowablePayload
}

export function centrifugeEncoders(): CentrifugeEncoders {
  const onUnshowable = (channel: string) => encoders.onUnshowable(channel)
  const encoders: CentrifugeEncoders = {
    json: { ...textEncoder(jsonCodec, onUnshowable), publication: orUnshowable(publicationPush, onUnshowable) },
    protobuf: encoderOf(protobufCodec),
    unidirectional: textEncoder(uniCodec, onUnshowable),
    onUnshowable: () => undefined,
  }
  return encoders
}

/** Each connection's join and leave is told, not only those of a user's first and last one: `ofUser` is not looked at. */
function encoderOf(codec: Codec) {
  return {
    name: codec.format,
    publication: (channel: string, publication: Publication) =>
      codec.push({ channel, pub: toWirePublication(publication) }),
    join: (channel: string, info: ClientInfo) => codec.push({ channel, join: { info: toWireInfo(info) } }),
    leave: (channel: string, info: ClientInfo) => codec.push({ channel, leave: { info: toWireInfo(info) } }),
    concat: (frames: readonly Frame[]) => codec.join(frames),
  }
}

/** As `encoderOf`, for formats that cannot carry every payload. */
function textEncoder(codec: Codec, onUnshowable: UnshowablePayload): Encoder {
  const plain = encoderOf(codec)
  return {
    ...plain,
    publication: orUnshowable(plain.publication, onUnshowable),
    join: orUnshowable(plain.join, onUnshowable),
    leave: orUnshowable(plain.leave, onUnshowable),
  }
}

function orUnshowable<T>(encode: (channel: string, thing: T) => Frame, onUnshowable: UnshowablePayload) {
  return (channel: string, thing: T): Frame | undefined => {
    try {
      return encode(channel, thing)
    } catch (error) {
      if (!(error instanceof NotJsonPayload)) throw error
      onUnshowable(channel)
      return undefined
    }
  }
}

/** The same as the schema would write, by hand: it is what the server does all day. */
function publicationPush(channel: string, { data, info, offset, tags }: Publication): string {
  let text = `{"push":{"channel":${JSON.stringify(channel)},"pub":{"data":${payloadText(data)}`
  if (info !== undefined) text += `,"info":${infoText(info)}`
  if (offset !== undefined && offset > 0) text += `,"offset":${offset}`
  if (tags !== undefined) text += `,"tags":${JSON.stringify(tags)}`
  return `${text}}}}`
}

/** All publications of a publisher carry the same object (core/client-infos.ts), so its text is made once. */
const infoTexts = new WeakMap<ClientInfo, string>()

function infoText(info: ClientInfo): string {
  const known = infoTexts.get(info)
  if (known !== undefined) return known
  const text = writeMessage("ClientInfo", toWireInfo(info))
  infoTexts.set(info, text)
  return text
}
