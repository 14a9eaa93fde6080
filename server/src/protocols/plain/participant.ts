import { type CloseReason, UNSUBSCRIBE } from "../../core/close-codes.ts"
import type { Connection } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { WhoIsIt } from "./arrival.ts"
import type { Arrival, Arrivals } from "./arrivals.ts"
import { ChannelCommands } from "./channel-commands.ts"
import { type Command, readFrame } from "./commands.ts"
import { CHAT_PREFIX } from "./encoders.ts"
import type { FloodGuard } from "./flood-guard.ts"
import type { Lobby } from "./lobby.ts"
import type { PlainParts } from "./options.ts"
import { replies } from "./replies.ts"
import { Seat } from "./seat.ts"
import { type Language, TEXTS } from "./texts.ts"

/** What all connections of the protocol share. */
export interface Shared {
  readonly parts: PlainParts
  readonly arrivals: Arrivals
  readonly lobby: Lobby
}

/** What a participant needs of its session. */
export interface Host {
  readonly language: Language
  readonly guard: FloodGuard
  /** Reports the failure of work that no frame waits for. */
  failedAside(error: unknown): void
}

const LOBBY_RETRY_MS = 5_000

/** A connection that has been let in: what its frames do. Calls MUST be made one after the other. */
export class Participant {
  readonly connection: Connection
  readonly #shared: Shared
  readonly #host: Host
  readonly #anonymous: boolean
  readonly #rooms: Seat | undefined
  #nextLobbyTryMs = 0

  constructor(shared: Shared, host: Host, connection: Connection, { anonymous, mayEnterRooms }: WhoIsIt) {
    const { channels, rooms } = shared.parts
    this.connection = connection
    this.#shared = shared
    this.#host = host
    this.#anonymous = anonymous
    if (rooms && mayEnterRooms) this.#rooms = new Seat(channels, rooms, shared.lobby, connection)
  }

  /** From here on it hears the lobby, and first what was said there since it came. @throws SkeinError */
  async enterLobby(arrival: Arrival): Promise<void> {
    await this.#rooms?.enterLobby(() => {
      for (const text of arrival.missed()) this.#send(text)
    })
  }

  /** Channels its token names. A refusal of one says nothing of the others. */
  async enterChannels(): Promise<void> {
    for (const { channel } of this.connection.identity.channels ?? [])
      await this.#channels.subscribeByServer(channel).catch((error) => this.#host.failedAside(error))
  }

  /** @throws SkeinError */
  handle(frame: string): Promise<void> | void {
    const reading = readFrame(frame)
    if (reading.kind === "command") return this.#command(reading.command)
    if (reading.kind === "heartbeat") return this.#send("pong")
    if (reading.kind === "channelled" && this.connection.identity.backEnd) return this.#publish(reading.channel, frame)
    return this.#say(frame)
  }

  /** What has to be done about a subscription that the server has ended; undefined when the client was just told. */
  afterUnsubscribed(channel: string, reason: CloseReason): (() => Promise<void>) | undefined {
    const isLost = reason.code >= UNSUBSCRIBE.insufficientState.code && reason.code !== UNSUBSCRIBE.expired.code
    if (this.#rooms?.isIn(channel)) return () => this.#backToLobby(isLost)
    // Rooms are told of by their own messages.
    if (channel.startsWith(CHAT_PREFIX)) return undefined
    if (isLost) return () => this.#channels.resubscribe(channel)
    this.#send(replies.unsubscribed(channel, reason))
    return undefined
  }

  /** Whether it is in no room though it may be (storage was down, its rate was used up), and it is time to try again. */
  isLost(nowMs: number): boolean {
    if (this.#rooms === undefined || this.#rooms.roomId !== undefined || nowMs < this.#nextLobbyTryMs) return false
    this.#nextLobbyTryMs = nowMs + LOBBY_RETRY_MS
    return true
  }

  async findLobby(): Promise<void> {
    // The client was told of the first refusal; the same one every few seconds would say nothing new.
    if (this.#rooms?.roomId === undefined) await this.#rooms?.enterLobby().catch(() => undefined)
  }

  #command(command: Command): Promise<void> | void {
    switch (command.type) {
      case "join_room":
        return this.#joinRoom(command.room_id)
      case "leave_room":
        return this.#leaveRoom()
      case "subscribe":
        this.#ensureMaySubscribe()
        return this.#channels.subscribe(command.channel, command.token)
      case "unsubscribe":
        return this.#channels.unsubscribe(command.channel)
      case "history":
        this.#ensureMaySubscribe()
        return command.channel === undefined
          ? this.#roomHistory(command.limit, command.room_id)
          : this.#channels.history(command.channel, command.limit, command.since)
      case "ping":
      case "heartbeat":
        return this.#send(replies.pong())
      case "pong":
        return
    }
  }

  async #say(text: string): Promise<void> {
    const seat = this.#seat
    if (seat.isLobby()) await this.#shared.arrivals.settled()
    await seat.say(text, this.#shared.parts.config.senderEcho)
  }

  async #joinRoom(roomId: string): Promise<void> {
    this.#ensureMaySubscribe()
    const { createRooms } = this.#shared.parts.config
    await this.#seat.enter(roomId, createRooms, () => this.#system(this.#texts.joined(roomId)))
  }

  async #leaveRoom(): Promise<void> {
    const roomId = await this.#seat.leave()
    this.#system(this.#texts.left(roomId))
    await this.#seat.enterLobby()
  }

  async #roomHistory(limit: number, asked: string | undefined): Promise<void> {
    const { roomId, lines } = await this.#seat.recent(limit, asked)
    this.#send(replies.roomHistory(roomId, lines))
  }

  /** @param stay - the room itself is as before, only the subscription was lost */
  async #backToLobby(stay: boolean): Promise<void> {
    const seat = this.#seat
    const wasLobby = seat.isLobby()
    const roomId = seat.lose()
    if (roomId === undefined) return
    if (stay) return seat.enter(roomId, false, () => undefined)
    this.#system(this.#texts.left(roomId))
    if (!wasLobby) await seat.enterLobby()
  }

  /** Not waited for: a back end may publish faster than a disk answers, and the log keeps the order. */
  #publish(channel: string, frame: string): void {
    this.#channels.publish(channel, frame).catch((error) => this.#host.failedAside(error))
  }

  /** Made for each use: it holds no state, and most connections use it once or never. */
  get #channels(): ChannelCommands {
    return new ChannelCommands(this.#shared.parts, this.connection, this.#anonymous)
  }

  get #seat(): Seat {
    if (this.#rooms !== undefined) return this.#rooms
    if (this.#shared.parts.rooms === undefined) throw new SkeinError("not_available", "this server has no rooms")
    throw new SkeinError("unauthorized", "rooms are closed to anonymous clients here: connect with ?token=…")
  }

  get #texts(): (typeof TEXTS)[Language] {
    return TEXTS[this.#host.language]
  }

  #ensureMaySubscribe(): void {
    if (!this.connection.identity.backEnd) this.#host.guard.ensureMaySubscribe(this.#shared.parts.clock.nowMs())
  }

  #system(message: string): void {
    this.#send(replies.system(message))
  }

  #send(frame: string): void {
    this.connection.outlet.send(frame)
  }
}
