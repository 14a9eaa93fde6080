import type { CatchUpEntry } from "../contract.ts"
import type { Connection } from "../session/connection.ts"
import { type Asked, applyCatchUp } from "../sync/catch-up.ts"
import { isBehind } from "../sync/thread.ts"
import { learnAll } from "./people.ts"
import { type Room, rooms } from "./rooms.ts"

/** Calls per batch, as the contract allows. */
const MAX_BATCH = 100
const GATHER_MS = 30
const AGAIN_MS = 1_000

/** Asks for what is missing, for many conversations in one call. */
export class CatchingUp {
  private readonly wanted = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private busy = false

  constructor(
    private readonly connection: Connection,
    private readonly seen: (room: Room, entry: CatchUpEntry) => void,
  ) {}

  want(conversationId: string, delayMs = GATHER_MS): void {
    this.wanted.add(conversationId)
    this.timer ??= setTimeout(() => this.start(), delayMs)
  }

  private start(): void {
    this.timer = undefined
    if (this.busy || !this.connection.isUp()) return
    this.busy = true
    void this.ask([...this.wanted].slice(0, MAX_BATCH)).finally(() => {
      this.busy = false
      if (this.wanted.size > 0) this.timer ??= setTimeout(() => this.start(), GATHER_MS)
    })
  }

  private async ask(ids: readonly string[]): Promise<void> {
    const asked = new Map<string, Asked>()
    for (const id of ids) {
      this.wanted.delete(id)
      const thread = rooms.peek().get(id)?.thread.peek()
      if (thread) asked.set(id, { seq: thread.seqHead, chg: thread.chgHead })
    }
    if (asked.size === 0) return
    const conversations = [...asked].map(([conversation_id, heads]) => ({ conversation_id, ...heads }))
    try {
      const answer = await this.connection.call("chat.catch_up", { conversations })
      learnAll(answer.users)
      for (const entry of answer.conversations) this.apply(entry, asked.get(entry.conversation_id))
    } catch (error) {
      console.warn("Catch-up failed:", error)
      // While the connection is down nothing is asked; on its return every subscription asks again.
      for (const id of ids) this.want(id, AGAIN_MS)
    }
  }

  private apply(entry: CatchUpEntry, asked: Asked | undefined): void {
    const room = rooms.peek().get(entry.conversation_id)
    if (!room || !asked) return
    const before = room.thread.peek()
    room.thread.value = applyCatchUp(before, entry, asked)
    this.seen(room, entry)
    const progressed = room.thread.peek().seqHead !== before.seqHead || room.thread.peek().chgHead !== before.chgHead
    if (isBehind(room.thread.peek())) this.want(room.id, progressed ? GATHER_MS : AGAIN_MS)
  }
}
