import type { Clock } from "../core/clock.ts"
import { setNewest } from "../core/collections.ts"
import type { Identity } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { ChatStore, StoredConversation, StoredUser, UserDraft } from "../store/contract.ts"
import type { DefaultRooms } from "./default-rooms.ts"
import { isGuestId, SITE_ID } from "./ids.ts"
import { fittingName, nameKey } from "./names.ts"
import { draftOf, ensureUsableId, saysNothing } from "./profile.ts"

/** People whose stored row is known to be up to date. */
const MAX_KNOWN = 20_000
/** A guest's name is free again when its owner has not been here for this long. */
const GUEST_NAME_HOLD_MS = 30 * 24 * 3_600_000
/** Visits are noted no more often. */
export const TOUCH_INTERVAL_MS = 3_600_000

interface Known {
  readonly info: string | undefined
  readonly user: Promise<StoredUser>
}

type Arrived = (user: StoredUser, rooms: readonly StoredConversation[]) => void

/** Somebody as the back end names him. */
export interface PersonTold {
  readonly id: string
  readonly name?: string | undefined
  readonly avatar?: string | undefined
}

/**
 * The people of the chat. There is no table to keep in step with the site: who comes with a valid identity is made or
 * updated from it. Guests are the exception: their names are ours, what is stored counts.
 */
export class People {
  readonly #store: ChatStore
  readonly #defaultRooms: DefaultRooms
  readonly #clock: Clock
  readonly #arrived: Arrived
  readonly #known = new Map<string, Known>()
  readonly #touchedAtMs = new Map<string, number>()

  /** @param arrived - somebody who was not here before is now a member of these default rooms */
  constructor(store: ChatStore, defaultRooms: DefaultRooms, clock: Clock, arrived: Arrived) {
    this.#store = store
    this.#defaultRooms = defaultRooms
    this.#clock = clock
    this.#arrived = arrived
  }

  /** @throws SkeinError `unauthorized` for nobody, `permission_denied` for ids that are not the site's to give */
  async of(identity: Identity): Promise<StoredUser> {
    ensureUsableId(identity)
    const { userId, info } = identity
    const known = this.#known.get(userId)
    if (known && (known.info === info || isGuestId(userId))) return known.user
    const user = this.#load(identity)
    this.#remember(userId, { info, user })
    try {
      return await user
    } catch (error) {
      if (this.#known.get(userId)?.user === user) this.#known.delete(userId)
      throw error
    }
  }

  /** A bare socket that speaks: kept so that its lines have a name, member of nothing. */
  async ofAnonymous(identity: Identity): Promise<StoredUser> {
    ensureUsableId(identity)
    const known = this.#known.get(identity.userId)
    if (known) return known.user
    const user = this.#save(draftOf(identity), [])
    this.#remember(identity.userId, { info: undefined, user })
    try {
      return await user
    } catch (error) {
      this.#known.delete(identity.userId)
      throw error
    }
  }

  /**
   * Somebody the back end speaks of: made or renamed as it says. Without a name, whoever is known by that id.
   * @throws SkeinError `not_found`, `permission_denied`, `bad_request`
   */
  async told({ id, name, avatar }: PersonTold): Promise<StoredUser> {
    const { users } = await this.#store.users({ ids: [id] })
    const [user] = users
    // A picture that is not spoken of stays.
    if (name !== undefined)
      return this.of({ userId: id, info: JSON.stringify({ name, avatar: avatar ?? user?.avatar }) })
    if (user) return user
    throw new SkeinError("not_found", `nobody with the id "${id.slice(0, 128)}" has been here: give a name as well`)
  }

  /**
   * The site itself, which speaks and is a member of nothing.
   * @param name - absent: as it was called last, at first `fallback`
   */
  async site(name: string | undefined, fallback: string): Promise<StoredUser> {
    const known = this.#known.get(SITE_ID)
    if (known && (name === undefined || known.info === name)) return known.user
    const user = this.#loadSite(name, fallback)
    this.#remember(SITE_ID, { info: name, user })
    try {
      return await user
    } catch (error) {
      this.#known.delete(SITE_ID)
      throw error
    }
  }

  async #loadSite(name: string | undefined, fallback: string): Promise<StoredUser> {
    if (name === undefined) {
      const { users } = await this.#store.users({ ids: [SITE_ID] })
      if (users[0]) return users[0]
    }
    const fitting = fittingName(name ?? fallback, fallback)
    return this.#save({ id: SITE_ID, name: fitting, nameKey: nameKey(fitting), guest: false }, [])
  }

  /** Makes a guest or gives it another name. @throws SkeinError `name_taken`, `bad_request` */
  async saveGuest(id: string, name: string): Promise<StoredUser> {
    const nowMs = this.#clock.nowMs()
    const { user, joined } = await this.#store.saveUser({
      user: { id, name, nameKey: nameKey(name), guest: true },
      defaultRooms: await this.#defaultRooms.ids(),
      nowMs,
      uniqueSinceMs: nowMs - GUEST_NAME_HOLD_MS,
    })
    this.#arrived(user, joined)
    this.#remember(id, { info: undefined, user: Promise.resolve(user) })
    return user
  }

  /** Who is no more, as far as the store says. */
  forget(userId: string): void {
    this.#known.delete(userId)
    this.#touchedAtMs.delete(userId)
  }

  /** Notes that somebody is here, about once an hour: what guests' names are held by. */
  async touch(userId: string): Promise<void> {
    const nowMs = this.#clock.nowMs()
    if (nowMs - (this.#touchedAtMs.get(userId) ?? 0) < TOUCH_INTERVAL_MS) return
    setNewest(this.#touchedAtMs, userId, nowMs, MAX_KNOWN)
    await this.#store.touchUser({ userId, nowMs })
  }

  async #load(identity: Identity): Promise<StoredUser> {
    const { users } = await this.#store.users({ ids: [identity.userId] })
    const [stored] = users
    if (stored && (isGuestId(stored.id) || saysNothing(identity))) return stored
    const draft = draftOf(identity)
    if (stored && isSame(stored, draft)) return stored
    try {
      return await this.#save(draft, await this.#defaultRooms.ids())
    } catch (error) {
      // A full disk takes no new name; that is no reason to turn away somebody who only wants to read.
      if (stored && error instanceof SkeinError && error.temporary) return stored
      throw error
    }
  }

  async #save(user: UserDraft, defaultRooms: readonly string[]): Promise<StoredUser> {
    const saved = await this.#store.saveUser({ user, defaultRooms, nowMs: this.#clock.nowMs() })
    this.#arrived(saved.user, saved.joined)
    return saved.user
  }

  #remember(userId: string, known: Known): void {
    setNewest(this.#known, userId, known, MAX_KNOWN)
  }
}

const isSame = (stored: StoredUser, draft: UserDraft): boolean =>
  stored.name === draft.name && stored.avatar === draft.avatar && stored.guest === draft.guest
