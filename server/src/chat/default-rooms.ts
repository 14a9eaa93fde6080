import type { Clock } from "../core/clock.ts"
import { SkeinError } from "../core/errors.ts"
import type { ChatStore } from "../store/contract.ts"
import type { ChatConfig } from "./config.ts"
import { newConversationId } from "./ids.ts"
import { nameKey, slugOf } from "./names.ts"

/** The rooms everyone is in from the first sign-in, made when they are not there. */
export class DefaultRooms {
  readonly #store: ChatStore
  readonly #config: ChatConfig
  readonly #clock: Clock
  #ids: Promise<string[]> | undefined

  constructor(store: ChatStore, config: ChatConfig, clock: Clock) {
    this.#store = store
    this.#config = config
    this.#clock = clock
  }

  /** Asked once; again when the store failed. */
  async ids(): Promise<string[]> {
    this.#ids ??= Promise.all(this.#config.defaultRooms.map((name) => this.#ensureRoom(name)))
    try {
      return await this.#ids
    } catch (error) {
      this.#ids = undefined
      throw error
    }
  }

  async #ensureRoom(configured: string): Promise<string> {
    const slug = slugOf(configured)
    try {
      return (await this.#store.roomBySlug({ slug })).conversation.id
    } catch (error) {
      if (!(error instanceof SkeinError) || error.code !== "not_found") throw error
    }
    const name = slug === "lobby" ? LOBBY[this.#config.language] : configured
    const { conversation } = await this.#store.createRoom({
      id: newConversationId(),
      slug,
      name,
      nameKey: nameKey(`${name} ${slug}`),
      history: "all",
      maxRooms: Number.MAX_SAFE_INTEGER,
      nowMs: this.#clock.nowMs(),
    })
    return conversation.id
  }
}

const LOBBY = { en: "Lobby", "zh-CN": "大厅" }
