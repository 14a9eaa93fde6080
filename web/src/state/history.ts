import { type Signal, signal } from "@preact/signals"
import type { Message, Page } from "../contract.ts"
import type { Connection } from "../session/connection.ts"
import { applyPage, type PageKind, trim } from "../sync/pages.ts"
import { isBehind, lastSeq } from "../sync/thread.ts"
import { learnAll } from "./people.ts"
import type { Room } from "./rooms.ts"

/** Rows kept of one conversation; beyond it those farthest from the reader are given up. */
export const WINDOW = 300
const PAGE = 50

export type Edge = "newest" | "before" | "after" | "around" | `gap-${number}`
export type Progress = "busy" | "failed"

/** What is loading or failed to load, per conversation and edge. */
export const progress: Signal<ReadonlyMap<string, Progress>> = signal(new Map())

const key = (room: Room, edge: Edge): string => `${room.id} ${edge}`
export const progressOf = (room: Room, edge: Edge): Progress | undefined => progress.value.get(key(room, edge))

function mark(room: Room, edge: Edge, state: Progress | undefined): void {
  const next = new Map(progress.peek())
  if (state) next.set(key(room, edge), state)
  else next.delete(key(room, edge))
  progress.value = next
}

/** Loads pages of the log into a room's window. */
export class HistoryLoader {
  constructor(
    private readonly connection: Connection,
    private readonly behind: (room: Room) => void,
  ) {}

  newest(room: Room): Promise<boolean> {
    return this.load(room, "newest", "newest", {})
  }

  around(room: Room, seq: number): Promise<boolean> {
    return this.load(room, "around", "around", { around: seq })
  }

  async older(room: Room): Promise<void> {
    const first = room.thread.peek().rows[0]?.message.seq
    if (first === undefined || !room.thread.peek().hasBefore) return
    if (await this.load(room, "before", "before", { before: first })) {
      room.thread.value = trim(room.thread.peek(), "start", WINDOW)
    }
  }

  async newer(room: Room): Promise<void> {
    const last = lastSeq(room.thread.peek())
    if (await this.load(room, "after", "after", { after: last })) {
      room.thread.value = trim(room.thread.peek(), "end", WINDOW)
    }
  }

  /** Loads the newer end of a gap: the part next to what the reader came from below. */
  async gap(room: Room, from: number, to: number): Promise<void> {
    await this.load(room, `gap-${from}`, "before", { before: to + 1 })
  }

  /** One message, for showing it elsewhere: it takes no place in the window. Undefined when it cannot be had. */
  async one(room: Room, seq: number): Promise<Message | undefined> {
    try {
      const where = { conversation_id: room.id, around: seq, limit: 1 }
      const { messages, users } = await this.connection.call("chat.messages", where)
      learnAll(users)
      return messages.find((message) => message.seq === seq)
    } catch (error) {
      console.debug("Message not to be had:", error)
      return undefined
    }
  }

  private async load(
    room: Room,
    edge: Edge,
    kind: PageKind,
    where: { before?: number; after?: number; around?: number },
  ) {
    if (progress.peek().get(key(room, edge)) === "busy") return false
    mark(room, edge, "busy")
    try {
      const page: Page = await this.connection.call("chat.messages", {
        conversation_id: room.id,
        limit: PAGE,
        ...where,
      })
      learnAll(page.users)
      room.thread.value = applyPage(room.thread.peek(), page, kind, where.before)
      mark(room, edge, undefined)
      if (isBehind(room.thread.peek())) this.behind(room)
      return true
    } catch (error) {
      console.warn("History not loaded:", error)
      mark(room, edge, "failed")
      return false
    }
  }
}

/** Forgets failures, so that a new connection tries again. */
export function forgetFailures(): void {
  progress.value = new Map([...progress.peek()].filter(([, state]) => state === "busy"))
}
