import type { CatchUpEntry, Message, Push, User } from "../contract.ts"
import { applyStep, heard, isBehind, merged, type Step } from "../sync/thread.ts"
import { learn, me, namesMe, person } from "./people.ts"
import { countCrowd } from "./presence.ts"
import { adopt, drop, joinable, type Room, rooms, showCounts, takeCounts } from "./rooms.ts"
import { typing } from "./typing.ts"

/** What the rest of the client wants to know when pushes were applied. */
export interface InboxEvents {
  /** A message took its place in the log; `isLive` when it was pushed, not asked for. */
  arrived(room: Room, message: Message, how: { readonly isLive: boolean }): void
  behind(room: Room): void
  added(room: Room): void
  removed(room: Room): void
}

/** Whether a message is one that I may have unread. */
const counts = ({ kind, sender_id }: Message): boolean => kind === "text" && sender_id !== me.peek()?.id

/** Applies what the server pushes, each in its turn. */
export class Inbox {
  /** While a snapshot is on its way pushes wait; those it already covers fall away by their numbers. */
  private waiting: Push[] | undefined

  constructor(private readonly events: InboxEvents) {}

  hold(): void {
    this.waiting ??= []
  }

  release(): void {
    const waiting = this.waiting ?? []
    this.waiting = undefined
    for (const push of waiting) this.take(push)
  }

  take(push: Push): void {
    if (this.waiting) this.waiting.push(push)
    else this.apply(push)
  }

  /** After a catch-up: its counts are exact as of its head. */
  caughtUp(room: Room, entry: CatchUpEntry): void {
    const newest = entry.messages.at(-1)
    if (newest && newest.seq >= (room.lastMessage.peek()?.seq ?? 0)) room.lastMessage.value = newest
    takeCounts(room, entry)
    for (const message of entry.messages) this.events.arrived(room, message, { isLive: false })
  }

  private apply(push: Push): void {
    if (push.type === "message") {
      this.named(push.user)
      typing(push.conversation_id, push.user.id, false)
      this.step(push, { kind: "message", message: push.message, asOf: push.chg_head })
    } else if (push.type === "change") this.step(push, { kind: "change", change: push.change })
    else if (push.type === "typing") this.typing(push)
    else if (push.type === "read") this.read(push)
    else if (push.type === "user") this.named(push.user)
    else if (push.type === "conversation_added") this.events.added(adopt(push.conversation))
    else if (push.type === "conversation_removed") this.remove(push.conversation_id)
    else if (push.type === "user_merged") this.merged(push)
    else if (push.type === "headcount") this.crowded(push)
    else this.counted(push)
  }

  /** Somebody as he is called now; our conversation with him is called so, too. */
  private named(user: User): void {
    const isNew = person(user.id)?.name !== user.name
    learn(user)
    if (!isNew) return
    for (const { facts } of rooms.peek().values())
      if (facts.peek().peer?.id === user.id) facts.value = { ...facts.peek(), name: user.name, peer: user }
  }

  private merged(push: Push & { type: "user_merged" }): void {
    this.counted(push)
    // A line of the guest that was under way when he signed in shows whose it is.
    learn({ ...push.user, id: push.from })
    const room = rooms.peek().get(push.conversation_id)
    if (!room) return
    const { from, user, seq_head, chg_head } = push
    room.thread.value = heard(merged(room.thread.peek(), from, user.id, chg_head), seq_head, chg_head)
    const last = room.lastMessage.peek()
    if (last?.sender_id === from) room.lastMessage.value = { ...last, sender_id: user.id }
    if (isBehind(room.thread.peek())) this.events.behind(room)
  }

  private step(heads: { conversation_id: string; seq_head: number; chg_head: number }, step: Step): void {
    const room = rooms.peek().get(heads.conversation_id)
    if (!room) return
    this.count(room, step)
    const { thread, applied } = applyStep(room.thread.peek(), step)
    room.thread.value = heard(thread, heads.seq_head, heads.chg_head)
    for (const done of applied) this.done(room, done)
    if (isBehind(room.thread.peek())) this.events.behind(room)
  }

  /** Counted as it comes, whether or not it is the next. */
  private count(room: Room, step: Step): void {
    if (step.kind === "message") {
      if (counts(step.message)) room.tally.said(step.message.seq, namesMe(step.message))
    } else if (step.change.op === "delete" && counts(step.change.message)) {
      room.tally.deleted(step.change.seq, step.change.chg)
    }
    showCounts(room)
  }

  private done(room: Room, step: Step): void {
    if (step.kind === "message") {
      room.lastMessage.value = step.message
      this.events.arrived(room, step.message, { isLive: true })
      return
    }
    const { change } = step
    if (room.lastMessage.peek()?.seq === change.seq) room.lastMessage.value = change.message
  }

  private typing(push: Push & { type: "typing" }): void {
    if (push.user.id === me.peek()?.id) return
    learn(push.user)
    typing(push.conversation_id, push.user.id, push.active)
  }

  private read(push: Push & { type: "read" }): void {
    const { conversation_id, user_id, unread, seq_head, chg_head } = push
    const room = rooms.peek().get(conversation_id)
    // With counts it comes on my own channel; the conversation's says the same to the others.
    if (!room || user_id !== me.peek()?.id || unread === undefined) return
    if (seq_head !== undefined && chg_head !== undefined) takeCounts(room, { ...push, unread, seq_head, chg_head })
  }

  private remove(conversationId: string): void {
    const room = rooms.peek().get(conversationId)
    if (!room) return
    drop(conversationId)
    this.events.removed(room)
  }

  private crowded(push: Push & { type: "headcount" }): void {
    const room = rooms.peek().get(push.conversation_id)
    if (!room) return
    countCrowd(room.channel, push.online)
    if (push.member_count !== undefined) room.facts.value = { ...room.facts.peek(), member_count: push.member_count }
  }

  private counted(push: Push & { type: "member_joined" | "member_left" | "user_merged" }): void {
    learn(push.user)
    const room = rooms.peek().get(push.conversation_id)
    if (room) room.facts.value = { ...room.facts.peek(), member_count: push.member_count }
    joinable.value = joinable
      .peek()
      .map((other) => (other.id === push.conversation_id ? { ...other, member_count: push.member_count } : other))
  }
}
