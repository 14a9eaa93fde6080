import { clear, createStore, del, entries, get, set, type UseStore } from "idb-keyval"
import type { LetterStore } from "../outbox/outbox.ts"
import type { Letter } from "../outbox/queue.ts"
import { forget, keep, kept } from "./local.ts"

const LAST_USER = "skein.user"
const HURRIED_DRAFTS = "skein.drafts"

/** A store that has not answered by then never will: opening a database waits for ever while another page blocks it. */
const ANSWERS_WITHIN_MS = 4_000

/**
 * What one person leaves in this browser: letters, drafts, the last open room. One database per person, so that
 * nothing of one is ever in front of another; it is emptied on sign-out and when somebody else signs in.
 * Where the browser keeps nothing, or nothing more, every call answers as an empty store does: the talk goes on.
 */
export class PersonalStore implements LetterStore {
  private readonly store: UseStore
  private silent = false

  constructor(readonly userId: string) {
    this.store = createStore(databaseOf(userId), "kept")
  }

  async all(): Promise<Letter[]> {
    const kept = await this.entries()
    return kept.filter(([key]) => key.startsWith("letter:")).map(([, value]) => value as Letter)
  }

  put(letter: Letter): Promise<void> {
    return this.tried(undefined, () => set(`letter:${letter.client_id}`, letter, this.store))
  }

  remove(clientId: string): Promise<void> {
    return this.tried(undefined, () => del(`letter:${clientId}`, this.store))
  }

  async drafts(): Promise<Map<string, string>> {
    const kept = await this.entries()
    return new Map(
      kept.filter(([key]) => key.startsWith("draft:")).map(([key, value]) => [key.slice(6), String(value)]),
    )
  }

  keepDraft(conversationId: string, text: string): Promise<void> {
    const key = `draft:${conversationId}`
    return this.tried(undefined, () => (text === "" ? del(key, this.store) : set(key, text, this.store)))
  }

  keepHurriedDrafts(drafts: readonly (readonly [string, string])[]): void {
    keep(HURRIED_DRAFTS, JSON.stringify({ userId: this.userId, drafts }))
  }

  takeHurriedDrafts(): [string, string][] {
    const hurried = kept(HURRIED_DRAFTS)
    forget(HURRIED_DRAFTS)
    if (hurried === null) return []
    const { userId, drafts } = JSON.parse(hurried) as { userId: string; drafts: [string, string][] }
    return userId === this.userId ? drafts : []
  }

  lastPlace(): Promise<string | undefined> {
    return this.tried(undefined, () => get("place", this.store))
  }

  keepPlace(place: string): Promise<void> {
    return this.tried(undefined, () => set("place", place, this.store))
  }

  async erase(): Promise<void> {
    await this.tried(undefined, () => clear(this.store))
    // Another tab may have somebody else by now: deleting what he has open would hold up every page of his.
    if (kept(LAST_USER) === this.userId) forgetUser()
    else deleteDatabase(this.userId)
  }

  private entries(): Promise<[string, unknown][]> {
    return this.tried([], () => entries<string, unknown>(this.store))
  }

  private async tried<T>(otherwise: T, run: () => Promise<T>): Promise<T> {
    if (this.silent) return otherwise
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<T>((_, reject) => {
      timer = setTimeout(() => {
        this.silent = true
        reject(new Error(`no answer within ${ANSWERS_WITHIN_MS} ms`))
      }, ANSWERS_WITHIN_MS)
    })
    try {
      const answer = run()
      // Late, but there after all: the page was frozen in between, for one. Failures are told below.
      void Promise.allSettled([answer]).then(([{ status }]) => {
        if (status === "fulfilled") this.silent = false
      })
      return await Promise.race([answer, late])
    } catch (error) {
      console.warn("Not kept in this browser:", error)
      return otherwise
    } finally {
      clearTimeout(timer)
    }
  }
}

const databaseOf = (userId: string): string => `skein:${userId}`

function deleteDatabase(userId: string): void {
  try {
    indexedDB.deleteDatabase(databaseOf(userId))
  } catch (error) {
    console.debug("No database to delete:", error)
  }
}

function forgetUser(): void {
  const last = kept(LAST_USER)
  if (last) deleteDatabase(last)
  forget(LAST_USER)
  forget(HURRIED_DRAFTS)
}

/** Opens the person's store; if somebody else was here before, theirs is deleted first. */
export function openPersonalStore(userId: string): PersonalStore {
  const last = kept(LAST_USER)
  if (last && last !== userId) forgetUser()
  keep(LAST_USER, userId)
  return new PersonalStore(userId)
}

/** Nobody is signed in: nothing of the last person may remain. */
export const eraseLastUser = (): void => forgetUser()
