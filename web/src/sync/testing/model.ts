import type { CatchUpEntry, Change, Message, Page } from "../../contract.ts"
import type { Row, Step } from "../thread.ts"

/** A tiny server to test the client's sync rules against: it keeps the truth and answers as the contract says. */
export class ModelConversation {
  readonly log: Message[] = []
  readonly changes: Change[] = []
  /** Changes below this number were thrown away by the server. */
  private oldestChange = 1

  constructor(private readonly maxCatchUp: number) {}

  send(body: string): Step {
    const seq = this.log.length + 1
    const message: Message = {
      conversation_id: "c",
      seq,
      id: `m${seq}`,
      client_id: `client-${seq}`,
      sender_id: "u",
      kind: "text",
      body,
      created_at: seq,
      state: "live",
    }
    this.log.push(message)
    return { kind: "message", message, asOf: this.changes.length }
  }

  change(seq: number, op: "edit" | "delete", body: string): Step {
    const old = this.log[seq - 1] as Message
    const chg = this.changes.length + 1
    const message: Message =
      op === "edit" ? { ...old, body, edited_at: chg } : { ...old, body: "", state: "deleted", edited_at: chg }
    this.log[seq - 1] = message
    const change: Change = { conversation_id: "c", chg, seq, op, message, at: chg }
    this.changes.push(change)
    return { kind: "change", change }
  }

  forgetChanges(): void {
    this.oldestChange = this.changes.length + 1
  }

  catchUp(seq: number, chg: number): CatchUpEntry {
    const heads = { conversation_id: "c", seq_head: this.log.length, chg_head: this.changes.length }
    const missedMessages = this.log.slice(seq)
    const missedChanges = this.changes.slice(chg)
    const rest = { read_seq: 0, unread: 0 }
    const tooFar = missedMessages.length > this.maxCatchUp || chg + 1 < this.oldestChange
    if (!tooFar) return { ...heads, ...rest, messages: missedMessages, changes: missedChanges }
    const messages = this.log.slice(-this.maxCatchUp)
    const changes = missedChanges.filter((change) => change.chg >= this.oldestChange)
    const gap: [number, number] = [seq + 1, (messages[0]?.seq ?? 1) - 1]
    return { ...heads, ...rest, messages, changes, reset: { gap } }
  }

  page(where: { before?: number; after?: number; around?: number }, limit: number): Page {
    let from = Math.max(0, this.log.length - limit)
    if (where.before !== undefined) from = Math.max(0, where.before - 1 - limit)
    if (where.after !== undefined) from = where.after
    if (where.around !== undefined) from = Math.max(0, where.around - 1 - Math.floor(limit / 2))
    const to = where.before !== undefined ? where.before - 1 : from + limit
    const messages = this.log.slice(from, to)
    return {
      messages,
      users: {},
      has_before: from > 0,
      has_after: from + messages.length < this.log.length,
      seq_head: this.log.length,
      chg_head: this.changes.length,
    }
  }
}

/** The two seqs that bound each hole in the rows: `[first missing, last missing]`. */
export function gapsIn(rows: readonly Row[]): [number, number][] {
  const gaps: [number, number][] = []
  for (let i = 1; i < rows.length; i++) {
    const before = rows[i - 1]?.message.seq ?? 0
    const after = rows[i]?.message.seq ?? 0
    if (after > before + 1) gaps.push([before + 1, after - 1])
  }
  return gaps
}
