import type { Frame } from "../../core/connection.ts"
import type { Encoder } from "../../core/fanout.ts"
import type { ClientInfo, Publication } from "../../core/publication.ts"
import type { RoomLine } from "../../core/rooms.ts"
import { replies, said } from "./replies.ts"
import { type Language, TEXTS } from "./texts.ts"

/** Channels of the chat. They carry its pushes, of which only what is said is passed on. */
export const CHAT_PREFIX = "chat:"

/** What the encoders have to know of rooms, filled in by `createPlain` once there are channels and rooms. */
export interface RoomFacts {
  isLobby(channel: string): boolean
  /** Reads a push of the chat; undefined when it is not something said. */
  line(data: string): RoomLine | undefined
  /** Told once of each text that goes out to those in the lobby, in the moment it does. */
  saidInLobby(text: string): void
  /** Whether so few are in the channel that its members are told when somebody leaves. */
  isSmall(channel: string): boolean
}

const NO_ROOMS: RoomFacts = {
  isLobby: () => false,
  line: () => undefined,
  saidInLobby: () => undefined,
  isSmall: () => false,
}

/** One wire format per language: they differ in what the server itself says in rooms. */
export interface PlainEncoders {
  readonly zh: Encoder
  readonly en: Encoder
  facts: RoomFacts
}

export function plainEncoders(): PlainEncoders {
  const encodeSaid = rememberingLast((channel, publication) => saidFrame(encoders.facts, channel, publication))
  const encoderOf = (name: string, language: Language): Encoder => ({
    name,
    publication: encodeSaid,
    join: () => undefined,
    leave: (channel, info, ofUser) => (ofUser ? farewellFrame(encoders.facts, channel, info, language) : undefined),
    sparesOwnPresence: true,
  })
  const encoders: PlainEncoders = { zh: encoderOf("pz", "zh-CN"), en: encoderOf("pe", "en"), facts: NO_ROOMS }
  return encoders
}

export function encoderFor(encoders: PlainEncoders, language: Language): Encoder {
  return language === "en" ? encoders.en : encoders.zh
}

type EncodePublication = Encoder["publication"]

/** Both formats are asked for each publication in turn, and say the same. */
function rememberingLast(encode: EncodePublication): EncodePublication {
  let last: { readonly publication: Publication; readonly frame: Frame | undefined } | undefined
  return (channel, publication) => {
    if (last?.publication !== publication) last = { publication, frame: encode(channel, publication) }
    return last.frame
  }
}

function saidFrame(facts: RoomFacts, channel: string, { data }: Publication): Frame | undefined {
  if (!channel.startsWith(CHAT_PREFIX)) return data
  const line = typeof data === "string" ? facts.line(data) : undefined
  if (line === undefined || line.text === "") return undefined
  if (!facts.isLobby(channel)) return JSON.stringify(said(line))
  facts.saidInLobby(line.text)
  return line.text
}

function farewellFrame(facts: RoomFacts, channel: string, info: ClientInfo, language: Language): Frame | undefined {
  if (!channel.startsWith(CHAT_PREFIX) || facts.isLobby(channel)) return undefined
  if (!facts.isSmall(channel)) return undefined
  return replies.system(TEXTS[language].memberLeft(displayName(info)))
}

/** The name in the client's `info`, `{"name":"…"}`, else its user id. */
function displayName({ user, connInfo }: ClientInfo): string {
  if (connInfo === undefined) return user
  try {
    const { name } = JSON.parse(connInfo) as { name?: unknown }
    return typeof name === "string" && name !== "" ? name : user
  } catch {
    return user
  }
}
