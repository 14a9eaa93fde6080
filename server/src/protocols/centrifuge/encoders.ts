import type { Frame } from "../../core/connection.ts"
import type { Encoder } from "../../core/fanout.ts"
import type { ClientInfo, Publication } from "../../core/publication.ts"
import type { Codec } from "./codec/codec.ts"
import { jsonCodec } from "./codec/json-codec.ts"
import { NotJsonPayload, payloadText, writeMessage } from "./codec/json-write.ts"
import { protobufCodec } from "./codec/protobuf-codec.ts"
import { toWireInfo, toWirePublication } from "./wire.ts"

/** Names of the two formats: the beginning of their topics. */
export const JSON_FORMAT = "cj"
export const PROTOBUF_FORMAT = "cp"

/** Told when a channel got a payload that its JSON subscribers cannot be shown. */
export type UnshowablePayload = (channel: string) => void

/**
 * The encoders core fans out with. Made before `Channels`, which wants them; `createCentrifuge` fills in
 * what happens to JSON subscribers of a channel that carries binary payloads.
 */
export interface CentrifugeEncoders {
  readonly json: Encoder
  readonly protobuf: Encoder
  onUnshowable: UnshowablePayload
}

export function centrifugeEncoders(): CentrifugeEncoders {
  const encoders: CentrifugeEncoders = {
    json: jsonEncoder((channel) => encoders.onUnshowable(channel)),
    protobuf: encoderOf(PROTOBUF_FORMAT, protobufCodec),
    onUnshowable: () => undefined,
  }
  return encoders
}

/** Every client's coming and going is told, not only a user's first and last: `ofUser` is not asked. */
function encoderOf(name: string, codec: Codec) {
  return {
    name,
    publication: (channel: string, publication: Publication) =>
      codec.push({ channel, pub: toWirePublication(publication) }),
    join: (channel: string, info: ClientInfo) => codec.push({ channel, join: { info: toWireInfo(info) } }),
    leave: (channel: string, info: ClientInfo) => codec.push({ channel, leave: { info: toWireInfo(info) } }),
    concat: (frames: readonly Frame[]) => codec.join(frames),
  }
}

/** As `encoderOf`, with publications written by hand: they are what the server does all day. */
function jsonEncoder(onUnshowable: UnshowablePayload): Encoder {
  const plain = encoderOf(JSON_FORMAT, jsonCodec)
  const orUnshowable = (channel: string, encode: () => Frame | undefined): Frame | undefined => {
    try {
      return encode()
    } catch (error) {
      if (!(error instanceof NotJsonPayload)) throw error
      onUnshowable(channel)
      return undefined
    }
  }
  return {
    ...plain,
    publication: (channel, publication) => orUnshowable(channel, () => publicationPush(channel, publication)),
    join: (channel, info) => orUnshowable(channel, () => plain.join(channel, info)),
    leave: (channel, info) => orUnshowable(channel, () => plain.leave(channel, info)),
  }
}

function publicationPush(channel: string, { data, info, offset, tags }: Publication): string {
  let text = `{"push":{"channel":${JSON.stringify(channel)},"pub":{"data":${payloadText(data)}`
  if (info !== undefined) text += `,"info":${writeMessage("ClientInfo", toWireInfo(info))}`
  if (offset !== undefined && offset > 0) text += `,"offset":${offset}`
  if (tags !== undefined) text += `,"tags":${JSON.stringify(tags)}`
  return `${text}}}}`
}
