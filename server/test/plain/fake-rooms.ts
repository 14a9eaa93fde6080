import type { Channels } from "../../src/core/channels.ts"
import type { Identity } from "../../src/core/connection.ts"
import { SkeinError } from "../../src/core/errors.ts"
import type { EnteredRoom, RoomLine, Rooms, SayOptions } from "../../src/core/rooms.ts"

interface Room {
  readonly entered: EnteredRoom
  readonly lines: RoomLine[]
  readonly members: Set<string>
}

const MAX_TEXT = 4_000

/** The chat's rooms in memory, as slow as the test wants them, with the same refusals. */
export class FakeRooms implements Rooms {
  readonly byId = new Map<string, Room>()
  /** What a store behind a pipe takes for one answer, in event-loop turns. */
  turns = 2
  /** Entering a room takes this on top. */
  enteringMs = 0
  takesGuests = true
  down = false
  readonly #channels: Channels

  constructor(channels: Channels) {
    this.#channels = channels
    channels.addOwner({ prefix: "chat:", ensureMaySubscribe: () => this.#answer() })
  }

  anonymous(connectionId: string): Identity {
    if (!this.takesGuests) throw new SkeinError("unauthorized")
    const short = connectionId.slice(0, 4)
    return { userId: `anon_${connectionId}`, info: JSON.stringify({ name: `Guest ${short}` }) }
  }

  async enter({ userId }: Identity, slug: string, { create }: { create: boolean }): Promise<EnteredRoom> {
    await this.#answer()
    if (this.enteringMs > 0) await new Promise((resolve) => setTimeout(resolve, this.enteringMs))
    const id = slug.toLowerCase()
    if (!this.byId.has(id) && !create) throw new SkeinError("not_found", `there is no room "${slug}"`)
    const room = this.byId.get(id) ?? this.#make(id)
    if (!userId.startsWith("anon_")) room.members.add(userId)
    return room.entered
  }

  async say({ userId }: Identity, conversationId: string, text: string, options: SayOptions = {}): Promise<RoomLine> {
    await this.#answer()
    const room = this.#room(conversationId)
    if (text.length > MAX_TEXT) throw new SkeinError("text_too_long")
    const line: RoomLine = {
      conversationId,
      seq: room.lines.length + 1,
      clientId: crypto.randomUUID(),
      senderId: userId,
      senderName: `name of ${userId}`,
      text,
      timeMs: Date.now(),
    }
    room.lines.push(line)
    const exclude = options.exclude === undefined ? {} : { exclude: options.exclude }
    await this.#channels.publish(room.entered.channel, { data: JSON.stringify({ type: "message", line }), ...exclude })
    return line
  }

  async leave({ userId }: Identity, conversationId: string): Promise<void> {
    await this.#answer()
    const room = this.#room(conversationId)
    if (!room.members.delete(userId)) throw new SkeinError("not_a_member")
    this.#channels.revokeUser(userId, room.entered.channel)
  }

  async recent(_identity: Identity, conversationId: string, limit: number): Promise<RoomLine[]> {
    await this.#answer()
    return this.#room(conversationId).lines.slice(-limit)
  }

  line(data: string): RoomLine | undefined {
    const push = JSON.parse(data) as { type: string; line?: RoomLine }
    return push.type === "message" ? push.line : undefined
  }

  /** Any other push of the chat. */
  async push(conversationId: string, push: object): Promise<void> {
    await this.#channels.publish(this.#room(conversationId).entered.channel, { data: JSON.stringify(push) })
  }

  #make(id: string): Room {
    const entered = { conversationId: id, slug: id, name: id, channel: `chat:c:${id}` }
    const room: Room = { entered, lines: [], members: new Set() }
    this.byId.set(id, room)
    return room
  }

  #room(id: string): Room {
    const room = this.byId.get(id)
    if (!room) throw new SkeinError("not_found")
    return room
  }

  async #answer(): Promise<void> {
    for (let turn = 0; turn < this.turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (this.down) throw new SkeinError("storage_unavailable")
  }
}
