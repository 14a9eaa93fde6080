import type { Channels } from "../../core/channels.ts"
import type { Connection, Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { RoomLine, Rooms } from "../../core/rooms.ts"
import type { Lobby, Taken } from "./lobby.ts"

/** The one room a connection is in. Calls MUST be made one after the other. */
export class Seat {
  readonly #channels: Channels
  readonly #rooms: Rooms
  readonly #lobby: Lobby
  readonly #connection: Connection
  #taken: Taken | undefined

  constructor(channels: Channels, rooms: Rooms, lobby: Lobby, connection: Connection) {
    this.#channels = channels
    this.#rooms = rooms
    this.#lobby = lobby
    this.#connection = connection
  }

  /** As the client named it. Undefined: in no room, because entering the lobby failed. */
  get roomId(): string | undefined {
    return this.#taken?.roomId
  }

  isIn(channel: string): boolean {
    return this.#taken?.room.channel === channel
  }

  async enterLobby(reply: () => void = () => undefined): Promise<void> {
    const room = await this.#rooms.enter(this.#identity, this.#lobby.roomId, { create: true })
    await this.#move(this.#lobby.entered(room), reply)
  }

  /**
   * Moves into a room; on any refusal it stays where it was.
   * @param reply - called before anything said in the room can reach the client
   */
  async enter(roomId: string, create: boolean, reply: () => void): Promise<void> {
    if (roomId === this.#lobby.roomId) return this.enterLobby(reply)
    const room = await this.#rooms.enter(this.#identity, roomId, { create })
    await this.#move({ roomId, room }, reply)
  }

  /** Ends the membership of the room; the connection is then in none. @returns the room left */
  async leave(): Promise<string> {
    const taken = this.#mustBeSomewhere()
    if (this.isLobby()) throw new SkeinError("bad_request", "the lobby cannot be left: join another room")
    this.#taken = undefined
    try {
      await this.#rooms.leave(this.#identity, taken.room.conversationId)
    } catch (error) {
      // Anonymous people are in a room without being members of it.
      if (!(error instanceof SkeinError && error.code === "not_a_member")) {
        this.#taken = taken
        throw error
      }
    }
    this.#channels.unsubscribe(this.#connection, taken.room.channel)
    return taken.roomId
  }

  /** The server has ended the subscription of the room. @returns the room lost */
  lose(): string | undefined {
    const roomId = this.#taken?.roomId
    this.#taken = undefined
    return roomId
  }

  isLobby(): boolean {
    return this.#taken !== undefined && this.#taken.room.channel === this.#lobby.channel
  }

  /** @param echo - whether this connection receives it too */
  async say(text: string, echo: boolean): Promise<void> {
    if (this.#taken === undefined) await this.enterLobby()
    const { room } = this.#mustBeSomewhere()
    await this.#rooms.say(this.#identity, room.conversationId, text, echo ? {} : { exclude: this.#connection.id })
  }

  /** @param asked - the room that is meant; another one's history is not told */
  async recent(limit: number, asked?: string): Promise<{ readonly roomId: string; readonly lines: RoomLine[] }> {
    const { room, roomId } = this.#mustBeSomewhere()
    if (asked !== undefined && ![roomId, room.slug, room.name].includes(asked))
      throw new SkeinError("not_a_member", `this connection is in the room ${roomId}: join ${asked} first`)
    return { roomId, lines: await this.#rooms.recent(this.#identity, room.conversationId, limit) }
  }

  get #identity(): Identity {
    return this.#connection.identity
  }

  async #move(to: Taken, reply: () => void): Promise<void> {
    const before = this.#taken?.room
    if (before?.channel === to.room.channel) {
      reply()
      return
    }
    const arrive = () => {
      this.#taken = to
      reply()
    }
    await this.#channels.subscribe(this.#connection, to.room.channel, { joinLeave: true }, arrive)
    // A client that is gone is subscribed to nothing, but what it sent before still belongs in the room it asked for.
    if (!this.#channels.hub.has(this.#connection)) this.#taken = to
    if (before !== undefined) this.#channels.unsubscribe(this.#connection, before.channel)
  }

  #mustBeSomewhere(): Taken {
    if (this.#taken !== undefined) return this.#taken
    throw new SkeinError("not_a_member", "this connection is in no room: join one first")
  }
}
