import { LIMITS } from "../contract.ts"
import type { PersonalStore } from "./storage.ts"

const SAVE_AFTER_MS = 300

/** Unsent text per conversation; in memory at once, on disk a moment later. */
export class Drafts {
  private readonly texts = new Map<string, string>()
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()

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
    clearTimeout(this.timers.get(conversationId))
    this.timers.set(
      conversationId,
      setTimeout(() => this.save(conversationId), SAVE_AFTER_MS),
    )
  }

  /** Forgets unsaved text without writing it: used when everything is erased. */
  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
    this.texts.clear()
  }

  /** The page is going away, and the database may not be written in time: local storage is written at once. */
  flush(): void {
    const unsaved = [...this.timers.keys()].map((id) => [id, this.get(id)] as const)
    if (unsaved.length > 0) this.store.keepHurriedDrafts(unsaved)
    for (const [id] of unsaved) this.save(id)
  }

  private save(conversationId: string): void {
    clearTimeout(this.timers.get(conversationId))
    this.timers.delete(conversationId)
    void this.store.keepDraft(conversationId, this.get(conversationId))
  }
}
