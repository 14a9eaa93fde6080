import { signal } from "@preact/signals"
import type { Change, Conversation, Message, User } from "../contract.ts"
import { explain, t } from "../i18n/index.ts"
import { uuid7 } from "../outbox/uuid7.ts"
import { applyStep } from "../sync/thread.ts"
import { type Chat, chat } from "./chat.ts"
import { toClipboard } from "./clipboard.ts"
import { say } from "./notices.ts"
import { go, roomAddress } from "./place.ts"
import { joinable, type Room, rooms } from "./rooms.ts"

/** Rooms in one answer: the server gives no more. */
const MOST_ROOMS = 100
/** Characters the server looks for. */
const MAX_QUERY = 100

/** Edits and deletions shown before the server has answered: message id → what it will look like. */
export const pendingChanges = signal<ReadonlyMap<string, { text: string | undefined }>>(new Map())

function setPending(id: string, value: { text: string | undefined } | undefined): void {
  const next = new Map(pendingChanges.peek())
  if (value) next.set(id, value)
  else next.delete(id)
  pendingChanges.value = next
}

const current = (): Chat => {
  const found = chat.peek()
  if (!found) throw new Error("No chat is open: sign in first.")
  return found
}

/** Puts a message into the outbox, which sends it. Resolves when it is stored there. */
export async function sendText(room: Room, text: string, replyTo?: number): Promise<void> {
  const letter = { client_id: uuid7(), conversation_id: room.id, text, ...(replyTo ? { reply_to_seq: replyTo } : {}) }
  await current().outbox.post(letter)
}

async function change(room: Room, message: Message, text: string | undefined, call: () => Promise<{ change: Change }>) {
  setPending(message.id, { text })
  try {
    const { change: done } = await call()
    room.thread.value = applyStep(room.thread.peek(), { kind: "change", change: done }).thread
    return true
  } catch (error) {
    say(explain(error))
    return false
  } finally {
    setPending(message.id, undefined)
  }
}

/** Resolves with false when it was refused; the reader has been told why. */
export const editMessage = (room: Room, message: Message, text: string): Promise<boolean> =>
  change(room, message, text, () =>
    current().connection.call("chat.edit", { conversation_id: room.id, seq: message.seq, text }),
  )

/** Resolves with false when it was refused; the reader has been told why. */
export const deleteMessage = (room: Room, message: Message): Promise<boolean> =>
  change(room, message, undefined, () =>
    current().connection.call("chat.delete", { conversation_id: room.id, seq: message.seq }),
  )

export async function joinRoom(conversationId: string): Promise<void> {
  try {
    const { conversation } = await current().connection.call("chat.rooms.join", { conversation_id: conversationId })
    go(roomAddress(current().entered(conversation)))
  } catch (error) {
    say(explain(error))
  }
}

/** Rejects with the server's refusal, so that the form can show it beside the field. */
export async function createRoom(name: string, topic: string): Promise<void> {
  const input = topic === "" ? { name } : { name, topic }
  const { conversation } = await current().connection.call("chat.rooms.create", input)
  go(roomAddress(current().entered(conversation)))
}

export async function leaveRoom(room: Room): Promise<void> {
  try {
    await current().connection.call("chat.rooms.leave", { conversation_id: room.id })
    go("#/", "replace")
    say(t().youLeft(room.facts.peek().name))
    await lookForRooms(room.id)
  } catch (error) {
    say(explain(error))
  }
}

/** Public rooms as they are now: others open rooms while this page is open. `left`: one I am about to be out of. */
export async function lookForRooms(left?: string): Promise<void> {
  try {
    const answer = await current().connection.call("chat.rooms.list", { which: "joinable", limit: MOST_ROOMS })
    joinable.value = answer.rooms.filter(({ id }) => id === left || !rooms.peek().has(id))
  } catch (error) {
    console.debug("Rooms not known:", error)
  }
}

/** Public rooms I could join, by a part of their name. */
export async function findRooms(query: string): Promise<readonly Conversation[]> {
  if (query === "") return []
  try {
    const input = { query: query.slice(0, MAX_QUERY), which: "joinable", limit: MOST_ROOMS } as const
    return (await current().connection.call("chat.rooms.list", input)).rooms
  } catch (error) {
    console.debug("Rooms not found:", error)
    return []
  }
}

/** Makes the room of an address known, if it is one I could join: it may not be among the fullest. */
export async function lookForRoom(slug: string): Promise<void> {
  await lookForRooms()
  if (joinable.peek().some((room) => room.slug === slug)) return
  const room = (await findRooms(slug)).find((one) => one.slug === slug)
  if (room && !rooms.peek().has(room.id)) joinable.value = [...joinable.peek(), room]
}

/** People by the beginning of their name. */
export async function findPeople(query: string): Promise<readonly User[]> {
  try {
    const input = { query: query.slice(0, MAX_QUERY), limit: 10 }
    return (await current().connection.call("chat.users", input)).users
  } catch (error) {
    console.debug("People not found:", error)
    return []
  }
}

export async function openDirect(userId: string): Promise<void> {
  try {
    const { conversation } = await current().connection.call("chat.direct.open", { user_id: userId })
    go(roomAddress(current().entered(conversation)))
  } catch (error) {
    say(explain(error))
  }
}

/** The reader has seen everything in the room up to here. */
export function seen(room: Room, seq: number): void {
  current().reading.seen(room, seq)
}

export async function copy(text: string): Promise<void> {
  say((await toClipboard(text)) ? t().copied : t().copyRefused)
}
