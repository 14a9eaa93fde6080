import type { Connection } from "../session/connection.ts"
import { forgetPresence } from "./presence.ts"
import { activity, type Room, rooms } from "./rooms.ts"

const ASK_EVERY_MS = 20_000

/** What following needs of the rest of the client. */
export interface FollowingOptions {
  connection: Pick<Connection, "isUp" | "subscribe" | "unsubscribe">
  /** Asks for what was said in a conversation. */
  ask(conversationId: string): void
  openRoom(): Room | undefined
}

/**
 * Which conversations are pushed to us. A connection may hold so many channels and no more: who is in more rooms than
 * that is asked for the news of the others now and then, and the room that is opened takes the place of the quietest.
 */
export class Following {
  private readonly beyond = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: FollowingOptions) {}

  /** Follows them as far as channels may be held, the most recently active first. */
  followAll(all: readonly Room[]): void {
    for (const room of [...all].sort(byActivity)) this.follow(room)
  }

  follow(room: Room): void {
    if (!this.beyond.has(room.id)) this.options.connection.subscribe(room.channel)
  }

  /** The server refused the subscription: the connection holds as many channels as it may. */
  refused(room: Room): void {
    this.beyond.add(room.id)
    this.timer ??= setTimeout(() => this.askAround(), ASK_EVERY_MS)
    if (this.options.openRoom() === room) this.makePlace(room)
  }

  /** The reader opened this room: it takes the place of the quietest one if need be. */
  opened(room: Room): void {
    if (this.beyond.has(room.id)) this.makePlace(room)
  }

  /** I am no longer in this conversation: its place is free for another. */
  left(room: Room): void {
    this.options.connection.unsubscribe(room.channel)
    if (this.beyond.delete(room.id)) return
    const next = this.held((one) => this.beyond.has(one.id)).sort(byActivity)[0]
    if (next) this.enter(next)
  }

  private makePlace(room: Room): void {
    const quietest = this.held((one) => one !== room && !this.beyond.has(one.id))
      .sort(byActivity)
      .at(-1)
    if (!quietest) return
    this.options.connection.unsubscribe(quietest.channel)
    // Joins and leaves of its channel do not come any more.
    forgetPresence(quietest.channel)
    this.beyond.add(quietest.id)
    this.enter(room)
  }

  private enter(room: Room): void {
    this.beyond.delete(room.id)
    this.options.connection.subscribe(room.channel)
  }

  private askAround(): void {
    this.timer = undefined
    const waiting = this.held((room) => this.beyond.has(room.id))
    if (waiting.length === 0) return
    if (this.options.connection.isUp()) for (const room of waiting) this.options.ask(room.id)
    this.timer = setTimeout(() => this.askAround(), ASK_EVERY_MS)
  }

  private held(which: (room: Room) => boolean): Room[] {
    return [...rooms.peek().values()].filter(which)
  }
}

const byActivity = (a: Room, b: Room): number => activity(b) - activity(a)
