import { judge } from "../outbox/queue.ts"
import type { Connection } from "../session/connection.ts"
import { type Room, rooms, takeCounts } from "./rooms.ts"

const SEND_EVERY_MS = 500
const AGAIN_MS = 2_000

/** Moves my read cursors: forward only, and one call per half second at most. */
export class Reading {
  private readonly wanted = new Map<string, number>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly connection: Pick<Connection, "isUp" | "call">) {}

  /** The reader has seen everything up to here. */
  seen(room: Room, seq: number): void {
    if (seq <= Math.max(room.readSeq.peek(), this.wanted.get(room.id) ?? 0)) return
    this.wanted.set(room.id, seq)
    this.timer ??= setTimeout(() => this.send(), SEND_EVERY_MS)
  }

  /** After a reconnect: what could not be told then is told now. */
  resume(): void {
    if (this.wanted.size > 0) this.timer ??= setTimeout(() => this.send(), SEND_EVERY_MS)
  }

  private send(): void {
    this.timer = undefined
    if (!this.connection.isUp()) return
    for (const [id, seq] of this.wanted) void this.tell(id, seq)
  }

  private async tell(conversationId: string, seq: number): Promise<void> {
    const room = rooms.peek().get(conversationId)
    if (!room) {
      this.wanted.delete(conversationId)
      return
    }
    try {
      const answer = await this.connection.call("chat.read", { conversation_id: conversationId, seq })
      if ((this.wanted.get(conversationId) ?? 0) <= seq) this.wanted.delete(conversationId)
      takeCounts(room, answer)
    } catch (error) {
      console.warn("Read cursor not moved:", error)
      // On a bad line the answer is late, not no: without another try what was read would stay unread.
      const { code = 0 } = error as { code?: number }
      if (judge(code) === "later") this.timer ??= setTimeout(() => this.send(), AGAIN_MS)
      else this.wanted.delete(conversationId)
    }
  }
}
