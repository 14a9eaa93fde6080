import type { App } from "./apps.ts"
import { pageNumber, parseSocketId } from "./socket-id.ts"

/** Where a stock client stood in a channel with history when it dropped. */
export interface LeftChannel {
  readonly epoch: string
  /** It has certainly received everything up to here. */
  readonly confirmed: number
  /** It was sent nothing after this. */
  readonly sent: number
  /** A page that comes back later than this starts anew. Unix milliseconds. */
  readonly untilMs: number
}

/** The connection a page has at the moment. */
export interface PageHolder {
  readonly connectionId: string
  /** Another connection of the same page is here: this one is dead and does not know it yet. */
  takenOver(): void
}

type Left = ReadonlyMap<string, LeftChannel>

/** Channels remembered of pages without a connection: beyond, the pages that left first are forgotten. About 40 MB. */
const MAX_LEFT = 200_000

/**
 * Pages: what stays the same when a client reconnects, for clients that have a page id in their path.
 * Lets a back end's `socket_id` from before a reconnect still mean the client, and remembers where it stood.
 */
export class Pages {
  /** By app and page number. */
  readonly #holders = new Map<string, PageHolder>()
  /** In order of leaving. */
  readonly #left = new Map<string, Left>()
  #leftChannels = 0

  /** @returns where the page stood when it dropped, if that is worth anything still */
  enter(app: App, pageId: string, holder: PageHolder, nowMs: number): Map<string, LeftChannel> {
    const key = keyOf(app, pageNumber(app.id, pageId))
    const before = this.#holders.get(key)
    before?.takenOver()
    this.#holders.set(key, holder)
    const left = this.#forget(key)
    return new Map([...(left ?? [])].filter(([, { untilMs }]) => untilMs > nowMs))
  }

  /** @param channels - where it stood, by core channel; empty: it had nothing to recover */
  leave(app: App, pageId: string, holder: PageHolder, channels: Left, nowMs: number): void {
    const key = keyOf(app, pageNumber(app.id, pageId))
    if (this.#holders.get(key) !== holder) return
    this.#holders.delete(key)
    if (channels.size === 0) return
    this.#forget(key)
    this.#left.set(key, channels)
    this.#leftChannels += channels.size
    this.#forgetOldest(nowMs)
  }

  /** The connection that a socket id of this page, of now or of before, means. */
  holderOf(app: App, socketId: string): PageHolder | undefined {
    const parsed = parseSocketId(socketId)
    return parsed && this.#holders.get(keyOf(app, parsed.page))
  }

  #forgetOldest(nowMs: number): void {
    for (const [key, channels] of this.#left) {
      const isWorthKeeping = [...channels.values()].some(({ untilMs }) => untilMs > nowMs)
      if (isWorthKeeping && this.#leftChannels <= MAX_LEFT) return
      this.#forget(key)
    }
  }

  #forget(key: string): Left | undefined {
    const left = this.#left.get(key)
    this.#left.delete(key)
    this.#leftChannels -= left?.size ?? 0
    return left
  }
}

const keyOf = (app: App, page: number): string => `${app.id}/${page}`
