import { clear, createStore, del, entries, get, set, type UseStore } from "idb-keyval"
import type { LetterStore } from "../outbox/outbox.ts"
import type { Letter } from "../outbox/queue.ts"

const LAST_USER = "skein.user"
const HURRIED_DRAFTS = "skein.drafts"

/**
 * What one person leaves in this browser: letters, drafts, the last open room. One database per person, so that
 * nothing of one is ever in front of another; it is emptied on sign-out and when somebody else signs in.
 */
export class PersonalStore implements LetterStore {
  private readonly store: UseStore

  constructor(readonly userId: string) {
    this.store = createStore(databaseOf(userId), "kept")
  }

  async all(): Promise<Letter[]> {
    const kept = await entries<string, unknown>(this.store)
    return kept.filter(([key]) => key.startsWith("letter:")).map(([, value]) => value as Letter)
  }

  put(letter: Letter): Promise<void> {
    return set(`letter:${letter.client_id}`, letter, this.store)
  }

  remove(clientId: string): Promise<void> {
    return del(`letter:${clientId}`, this.store)
  }

  async drafts(): Promise<Map<string, string>> {
    const kept = await entries<string, unknown>(this.store)
    return new Map(
      kept.filter(([key]) => key.startsWith("draft:")).map(([key, value]) => [key.slice(6), String(value)]),
    )
  }

  keepDraft(conversationId: string, text: string): Promise<void> {
    const key = `draft:${conversationId}`
    return text === "" ? del(key, this.store) : set(key, text, this.store)
  }

  keepHurriedDrafts(drafts: readonly (readonly [string, string])[]): void {
    localStorage.setItem(HURRIED_DRAFTS, JSON.stringify({ userId: this.userId, drafts }))
  }

  takeHurriedDrafts(): [string, string][] {
    const kept = localStorage.getItem(HURRIED_DRAFTS)
    localStorage.removeItem(HURRIED_DRAFTS)
    if (kept === null) return []
    const { userId, drafts } = JSON.parse(kept) as { userId: string; drafts: [string, string][] }
    return userId === this.userId ? drafts : []
  }

  lastPlace(): Promise<string | undefined> {
    return get("place", this.store)
  }

  keepPlace(place: string): Promise<void> {
    return set("place", place, this.store)
  }

  async erase(): Promise<void> {
    await clear(this.store)
    // Another tab may have somebody else by now: deleting what he has open would hold up every page of his.
    if (localStorage.getItem(LAST_USER) === this.userId) forgetUser()
    else indexedDB.deleteDatabase(databaseOf(this.userId))
  }
}

const databaseOf = (userId: string): string => `skein:${userId}`

function forgetUser(): void {
  const last = localStorage.getItem(LAST_USER)
  if (last) indexedDB.deleteDatabase(databaseOf(last))
  localStorage.removeItem(LAST_USER)
  localStorage.removeItem(HURRIED_DRAFTS)
}

/** Opens the person's store; if somebody else was here before, theirs is deleted first. */
export function openPersonalStore(userId: string): PersonalStore {
  const last = localStorage.getItem(LAST_USER)
  if (last && last !== userId) forgetUser()
  localStorage.setItem(LAST_USER, userId)
  return new PersonalStore(userId)
}

/** Nobody is signed in: nothing of the last person may remain. */
export const eraseLastUser = (): void => forgetUser()
