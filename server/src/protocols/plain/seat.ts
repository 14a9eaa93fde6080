import type { Channels } from "../../core/channels.ts"
import type { Connection, Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { EnteredRoom, RoomLine, Rooms } from "../../core/rooms.ts"

export interface SeatParts {
  readonly channels: Channels
  readonly rooms: Rooms
  readonly connection: Connection
  readonly lobby: string
  /** Told which channel the lobby turned out to be. */
  readonly onLobby: (channel: string) => void
}

/** A room as its member asked for it and as it is. */
interface Taken {
  readonly roomId: string
  readonly room: EnteredRoom
}

/** The one room a connection is in. Calls MUST be made one after the other. */
export class Seat {
  readonly #parts: SeatParts
  #taken: Taken | undefined
  /** Known once this connection has been in it. */
  #lobbyChannel: string | undefined

  constructor(parts: SeatParts) {
    this.#parts = parts
  }

  /** As the client named it. Undefined: nowhere, because entering the lobby failed. */
  get roomId(): string | undefined {
    return this.#taken?.roomId
  }

  isIn(channel: string): boolean {
    return this.#taken?.room.channel === channel
  }

  async enterLobby(reply: () => void = () => undefined): Promise<void> {
    const { lobby } = this.#parts
    await this.#move(
      lobby,
      async () => {
        const room = await this.#parts.rooms.enter(this.#identity, lobby, { create: true })
        this.#lobbyChannel = room.channel
        this.#parts.onLobby(room.channel)
        return room
      },
      reply,
    )
  }

  /**
   * Moves into a room; on any refusal it stays where it was.
   * @param reply - called before anything said in the room can reach the client
   */
  async enter(roomId: string, create: boolean, reply: () => void): Promise<void> {
    if (roomId === this.#parts.lobby) return this.enterLobby(reply)
    await this.#move(roomId, () => this.#parts.rooms.enter(this.#identity, roomId, { create }), reply)
  }

  /** Ends the membership of the room; the connection is then nowhere. @returns the room left */
  async leave(): Promise<string> {
    const taken = this.#mustBeSomewhere()
    if (this.isLobby()) throw new SkeinError("bad_request", "the lobby cannot be left: join another room")
    this.#taken = undefined
    try {
      await this.#parts.rooms.leave(this.#identity, taken.room.conversationId)
    } catch (error) {
      // Anonymous people are in a room without being members of it.
      if (!(error instanceof SkeinError && error.code === "not_a_member")) {
        this.#taken = taken
        throw error
      }
    }
    this.#parts.channels.unsubscribe(this.#parts.connection, taken.room.channel)
    return taken.roomId
  }

  /** The server has ended the subscription of the room. @returns the room lost */
  lose(): string | undefined {
    const roomId = this.#taken?.roomId
    this.#taken = undefined
    return roomId
  }

  isLobby(): boolean {
    return this.#taken !== undefined && this.#taken.room.channel === this.#lobbyChannel
  }

  /** @param echo - whether this connection receives it too */
  async say(text: string, echo: boolean): Promise<void> {
    if (this.#taken === undefined) await this.enterLobby()
    const { room } = this.#mustBeSomewhere()
    const { connection, rooms } = this.#parts
    await rooms.say(connection.identity, room.conversationId, text, echo ? {} : { exclude: connection.id })
  }

  async recent(limit: number): Promise<{ readonly roomId: string; readonly lines: RoomLine[] }> {
    const { room, roomId } = this.#mustBeSomewhere()
    return { roomId, lines: await this.#parts.rooms.recent(this.#identity, room.conversationId, limit) }
  }

  get #identity(): Identity {
    return this.#parts.connection.identity
  }

  async #move(roomId: string, findRoom: () => Promise<EnteredRoom>, reply: () => void): Promise<void> {
    const { channels, connection } = this.#parts
    const room = await findRoom()
    const before = this.#taken?.room
    if (before?.channel === room.channel) {
      reply()
      return
    }
    const arrive = () => {
      this.#taken = { room, roomId }
      reply()
    }
    await channels.subscribe(connection, room.channel, { joinLeave: true }, arrive)
    // A client that is gone is subscribed to nothing, but what it sent before still belongs in the room it asked for.
    if (!channels.hub.has(connection)) this.#taken = { room, roomId }
    if (before !== undefined) channels.unsubscribe(connection, before.channel)
  }

  #mustBeSomewhere(): Taken {
    if (this.#taken !== undefined) return this.#taken
    throw new SkeinError("not_a_member", "this connection is in no room: join one first")
  }
}
