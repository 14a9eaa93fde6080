import { LIMITS } from "../contract.ts"
import type { PersonalStore } from "./storage.ts"

const SAVE_AFTER_MS = 300

/** Unsent text per conversation; in memory at once, on disk a moment later. */
export class Drafts {
  private readonly texts = new Map<string, string>()
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  /** Conversations whose text is not known to be on disk: not written yet, or being written. */
  private readonly unsaved = new Set<string>()

  constructor(private readonly store: PersonalStore) {
    addEventListener("pagehide", () => this.flush())
  }

  async load(): Promise<void> {
    // Left in a hurry: newer than what the database has.
    for (const [id, text] of this.store.takeHurriedDrafts()) this.set(id, text)
    for (const [id, text] of await this.store.drafts()) if (!this.texts.has(id)) this.texts.set(id, text)
  }

  get(conversationId: string): string {
    return this.texts.get(conversationId) ?? ""
  }

  set(conversationId: string, text: string): void {
    this.texts.set(conversationId, text.slice(0, LIMITS.textLength * 4))
    this.unsaved.add(conversationId)
    clearTimeout(this.timers.get(conversationId))
    this.timers.set(
      conversationId,
      setTimeout(() => void this.save(conversationId), SAVE_AFTER_MS),
    )
  }

  /** Forgets unsaved text without writing it: used when everything is erased. */
  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
    this.unsaved.clear()
    this.texts.clear()
  }

  /** The page is going away, and the database may not be written in time: local storage is written at once. */
  flush(): void {
    const unsaved = [...this.unsaved].map((id) => [id, this.get(id)] as const)
    if (unsaved.length > 0) this.store.keepHurriedDrafts(unsaved)
    for (const [id] of unsaved) void this.save(id)
  }

  private async save(conversationId: string): Promise<void> {
    clearTimeout(this.timers.get(conversationId))
    this.timers.delete(conversationId)
    const text = this.get(conversationId)
    await this.store.keepDraft(conversationId, text)
    if (!this.timers.has(conversationId) && this.get(conversationId) === text) this.unsaved.delete(conversationId)
  }
}
