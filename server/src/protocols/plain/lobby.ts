import type { EnteredRoom } from "../../core/rooms.ts"

/** A room as its member asked for it and as it is. */
export interface Taken {
  readonly roomId: string
  readonly room: EnteredRoom
}

/** The room everyone starts in. Each connection enters it by itself; the room found is kept once for all of them. */
export class Lobby {
  readonly roomId: string
  #taken: Taken | undefined

  constructor(roomId: string) {
    this.roomId = roomId
  }

  /** Undefined: nobody has been in it yet. */
  get channel(): string | undefined {
    return this.#taken?.room.channel
  }

  entered(room: EnteredRoom): Taken {
    const known = this.#taken
    if (known?.room.channel === room.channel && known.room.conversationId === room.conversationId) return known
    this.#taken = { roomId: this.roomId, room }
    return this.#taken
  }
}
