import type { Clock } from "../../core/clock.ts"
import type { Person } from "../person.ts"
import { cookieOf } from "./cookies.ts"
import type { SessionFormat } from "./format.ts"
import { type PersonPaths, personIn, sessionIdOf } from "./person-in.ts"
import { UnreadableBytes } from "./reading.ts"
import type { SessionStore, StoredSession } from "./store.ts"
import type { PhpArray } from "./value.ts"

/** Why nobody is logged in by a cookie. */
export type NobodyReason =
  | "no_cookie"
  | "not_a_session_id"
  | "session_gone"
  | "session_expired"
  | "unreadable"
  | "not_logged_in"

/** Nobody is logged in by the cookie. */
export interface Nobody {
  readonly kind: "nobody"
  readonly reason: NobodyReason
  /** One sentence for the log and the developer. Never shows the cookie, a key or what is in the session. */
  readonly why: string
}

/** The session of a cookie, read. */
export interface OpenedSession {
  readonly kind: "opened"
  readonly data: PhpArray
  readonly sessionId: string
  /** Where the store has it; undefined when it travels in the cookie. */
  readonly key: string | undefined
}

/** Somebody is logged in by the cookie. */
export interface KnownPerson {
  readonly kind: "known"
  readonly person: Person
  readonly sessionId: string
  readonly key: string | undefined
}

/** How the site writes its sessions, where it keeps them, and where the person is in them. */
export interface PhpSessionsOptions {
  readonly format: SessionFormat
  /** Undefined only for sessions that travel in cookies. */
  readonly store: SessionStore | undefined
  readonly paths: PersonPaths
}

/** A page may be in the middle of writing: PHP empties a file before it fills it. */
const SECOND_LOOK_MS = 20

/** The sessions of one site, from the `Cookie` header to the person. */
export class PhpSessions {
  readonly #options: PhpSessionsOptions
  readonly #clock: Clock

  constructor(options: PhpSessionsOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /**
   * Who a request is.
   *
   * @param cookieHeader - the whole `Cookie` header; empty or null: none
   * @throws SkeinError `internal` (temporary) when the store cannot be asked
   */
  async whoIs(cookieHeader: string | null): Promise<KnownPerson | Nobody> {
    const opened = await this.open(cookieHeader)
    if (opened.kind === "nobody") return opened
    const person = personIn(opened.data, this.#options.paths)
    if (!person) return nobody("not_logged_in", this.#notLoggedIn())
    const { sessionId, key } = opened
    return { kind: "known", person, sessionId, key }
  }

  /** Who is logged in now in a session known by its place in the store. Undefined: nobody, or there is none. */
  async personAt(key: string): Promise<Person | undefined> {
    const read = await this.#readTwice(key)
    return read.kind === "data" ? personIn(read.data, this.#options.paths) : undefined
  }

  /** The session of a cookie, whoever is in it. @throws SkeinError as `whoIs` */
  async open(cookieHeader: string | null): Promise<OpenedSession | Nobody> {
    const { format } = this.#options
    const header = cookieHeader ?? ""
    const value = cookieOf(header, format.cookieName)
    if (value === undefined) return nobody("no_cookie", `no cookie named ${format.cookieName}`)
    const id = format.idOf(value)
    if (id === undefined)
      return nobody(
        "not_a_session_id",
        `the cookie ${format.cookieName} holds no session id of this site (or APP_KEY is another)`,
      )
    const key = format.carried ? undefined : format.keyOf(id)
    const read = key === undefined ? this.#decode(format.carried?.(header, id)) : await this.#readTwice(key)
    if (read.kind === "nobody") return read
    return { kind: "opened", data: read.data, sessionId: sessionIdOf(id), key }
  }

  async #readTwice(key: string): Promise<{ readonly kind: "data"; readonly data: PhpArray } | Nobody> {
    const { store } = this.#options
    const stored = await store?.read(key)
    const first = this.#decode(stored)
    const half = stored?.bytes.length === 0 || (first.kind === "nobody" && first.reason === "unreadable")
    if (!half) return first
    await new Promise<void>((resolve) => this.#clock.after(SECOND_LOOK_MS, resolve))
    return this.#decode(await store?.read(key))
  }

  #decode(stored: StoredSession | undefined): { readonly kind: "data"; readonly data: PhpArray } | Nobody {
    if (!stored) return nobody("session_gone", "the store has no such session: logged out, expired, or kept elsewhere")
    try {
      const data = this.#options.format.decode(stored, this.#clock.nowMs())
      if (data !== "expired") return { kind: "data", data }
      return nobody("session_expired", "the session is older than its lifetime")
    } catch (error) {
      if (error instanceof UnreadableBytes) return nobody("unreadable", `the session cannot be read: ${error.message}`)
      throw error
    }
  }

  #notLoggedIn(): string {
    const paths = this.#options.paths.user.map((path) => path.join(".")).join(" nor at ")
    return `the session has no user id at ${paths}`
  }
}

function nobody(reason: NobodyReason, why: string): Nobody {
  return { kind: "nobody", reason, why }
}
