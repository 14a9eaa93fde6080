import { type ReadonlySignal, signal } from "@preact/signals"
import { awaken, HELD_AFTER_MS, judge, type Letter, nextLetter, update, without } from "./queue.ts"

/** Where letters are kept when the page is closed. */
export interface LetterStore {
  all(): Promise<Letter[]>
  put(letter: Letter): Promise<void>
  remove(clientId: string): Promise<void>
}

/** What the outbox stores, sends and tells by. */
export interface OutboxOptions {
  store: LetterStore
  /** Sends one letter and gives its seq; rejects with an error that carries a `code`. */
  send(letter: Letter): Promise<number>
  isOnline(): boolean
  onRefused(letter: Letter): void
  onSignedOut(): void
  nowMs?: () => number
  retryDelayMs?: number
}

const RETRY_DELAY_MS = 2_000

/** First in, first out per conversation; survives reload; a letter leaves only when its message is seen in the log. */
export class Outbox {
  private readonly list = signal<readonly Letter[]>([])
  private retryTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: OutboxOptions) {}

  get letters(): ReadonlySignal<readonly Letter[]> {
    return this.list
  }

  async load(): Promise<void> {
    const stored = await this.options.store.all()
    stored.sort((a, b) => (a.client_id < b.client_id ? -1 : 1))
    const known = new Set(this.list.value.map((letter) => letter.client_id))
    const woken = stored.filter((letter) => !known.has(letter.client_id)).map((letter) => awaken(letter, this.nowMs()))
    this.list.value = [...woken, ...this.list.value]
  }

  /** Takes a letter: it is on disk before it is on the wire. */
  async post(letter: Omit<Letter, "state" | "written_at">): Promise<void> {
    const queued: Letter = { ...letter, state: "queued", written_at: this.nowMs() }
    this.list.value = [...this.list.value, queued]
    // A full or forbidden store must not keep a letter from being sent: it is then lost with the page.
    await this.options.store.put(queued).catch((error: unknown) => console.warn("Outbox not stored:", error))
    this.pump(letter.conversation_id)
  }

  /** Sends whatever waits, in every conversation. Call when the connection is up. */
  pumpAll(): void {
    this.holdOld()
    for (const id of new Set(this.list.value.map((letter) => letter.conversation_id))) this.pump(id)
  }

  resend(clientId: string): void {
    const letter = this.list.value.find((item) => item.client_id === clientId)
    if (!letter) return
    const { failure: _, ...rest } = letter
    const fresh: Letter = { ...rest, state: "queued", written_at: this.nowMs() }
    this.list.value = this.list.value.map((item) => (item.client_id === clientId ? fresh : item))
    void this.options.store.put(fresh)
    this.pump(letter.conversation_id)
  }

  discard(clientId: string): void {
    this.list.value = without(this.list.value, clientId)
    void this.options.store.remove(clientId)
  }

  /** The message is in the log: the letter has arrived, whichever way we learned it. */
  arrived(clientId: string): void {
    if (this.list.value.some((letter) => letter.client_id === clientId)) this.discard(clientId)
  }

  private holdOld(): void {
    const now = this.nowMs()
    this.list.value = this.list.value.map((letter) =>
      letter.state === "queued" && now - letter.written_at > HELD_AFTER_MS ? { ...letter, state: "held" } : letter,
    )
  }

  private pump(conversationId: string): void {
    if (!this.options.isOnline()) return
    const letter = nextLetter(this.list.value, conversationId)
    if (letter) void this.deliver(letter)
  }

  private async deliver(letter: Letter): Promise<void> {
    this.list.value = update(this.list.value, letter.client_id, { state: "sending" })
    try {
      const seq = await this.options.send(letter)
      this.list.value = update(this.list.value, letter.client_id, { state: "sent", seq })
      void this.options.store.remove(letter.client_id)
    } catch (error) {
      if (!this.fail(letter, error)) return
    }
    this.pump(letter.conversation_id)
  }

  /** Returns whether the next letter may be tried. */
  private fail(letter: Letter, error: unknown): boolean {
    const { code = 0, message = String(error) } = error as { code?: number; message?: string }
    const verdict = judge(code)
    if (verdict === "refused") {
      const failed: Letter = { ...letter, state: "failed", failure: { code, message } }
      this.list.value = update(this.list.value, letter.client_id, failed)
      void this.options.store.put(failed)
      this.options.onRefused(failed)
      return true
    }
    this.list.value = update(this.list.value, letter.client_id, { state: "queued" })
    if (verdict === "signed-out") this.options.onSignedOut()
    else this.retryLater()
    return false
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer)
    this.retryTimer = setTimeout(() => this.pumpAll(), this.options.retryDelayMs ?? RETRY_DELAY_MS)
  }

  private nowMs(): number {
    return this.options.nowMs?.() ?? Date.now()
  }
}
