import { createHash } from "node:crypto"
import type { Clock } from "../../core/clock.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Strategy } from "../identify.ts"
import { identityOf } from "../person.ts"
import { type Answer, BadAnswer, readAnswer } from "./answers.ts"
import { ask } from "./ask.ts"
import { Breaker } from "./breaker.ts"
import { RememberedAnswers } from "./remembered.ts"
import { Turnstile } from "./turnstile.ts"

/** How the site is asked: the section `[callback]` of the configuration. */
export interface CallbackOptions {
  /** Address of the site that says whose cookies these are. */
  readonly url: string
  readonly timeoutMs: number
  /** How long an answer is good for; 0: every connection asks. */
  readonly rememberMs: number
  readonly maxRemembered: number
  /** Names of the cookies that are sent; `*` at the end stands for any. None: all. */
  readonly cookies: readonly string[]
  /** Questions under way at a time: each keeps a PHP process busy. */
  readonly maxConcurrent: number
  /** So many visitors in a row asked about in vain, and the site is left alone for `openForMs`. */
  readonly failuresToOpen: number
  readonly openForMs: number
}

const MAX_WAITING = 10_000
/** No browser sends more. */
const MAX_COOKIE_LENGTH = 16_384

/** Asks the site who somebody is, by the cookies of the browser. */
export class SiteCallback {
  readonly #options: CallbackOptions
  readonly #clock: Clock
  readonly #remembered: RememberedAnswers
  readonly #turnstile: Turnstile
  readonly #breaker: Breaker
  readonly #log: (text: string) => void
  /** Questions under way, by cookie hash: many tabs are one question. */
  readonly #asking = new Map<string, Promise<Answer>>()
  /** Raised by each logout: answers asked for before it are not trusted. */
  #logouts = 0
  #isFailing = false

  constructor(options: CallbackOptions, clock: Clock, log: (text: string) => void) {
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#remembered = new RememberedAnswers(options.maxRemembered, clock)
    this.#turnstile = new Turnstile(options.maxConcurrent, MAX_WAITING)
    this.#breaker = new Breaker({
      failuresToOpen: options.failuresToOpen,
      openForMs: options.openForMs,
      clock,
      onChange: (isOpen) => log(isOpen ? "the site is left alone for a while" : "the site answers again"),
    })
  }

  /**
   * @param cookieHeader - the whole `Cookie` header; empty or null: none
   * @throws SkeinError `internal` (temporary) when the site cannot be asked: a member is never taken for a guest
   */
  async whoIs(cookieHeader: string | null): Promise<Answer> {
    const cookies = chosenCookies(cookieHeader ?? "", this.#options.cookies)
    if (cookies === "") return { kind: "nobody", why: "no cookie of the site" }
    if (cookies.length > MAX_COOKIE_LENGTH)
      return { kind: "nobody", why: `cookies longer than ${MAX_COOKIE_LENGTH} bytes` }
    const hash = createHash("sha256").update(cookies).digest("base64")
    return this.#remembered.get(hash) ?? this.#shared(hash, cookies)
  }

  /** What is remembered about a session is no longer true: it was ended. */
  forgetSession(sessionId: string): void {
    this.#forget((known) => known.sessionId === sessionId)
  }

  /** What is remembered about a user is no longer true: banned, or the password was changed. */
  forgetUser(userId: string): void {
    this.#forget((known) => known.person.userId === userId)
  }

  #forget(isAbout: (answer: Answer & { kind: "known" }) => boolean): void {
    this.#logouts++
    this.#asking.clear()
    this.#remembered.forget(isAbout)
  }

  #shared(hash: string, cookies: string): Promise<Answer> {
    const underWay = this.#asking.get(hash)
    if (underWay) return underWay
    const answer = this.#fresh(hash, cookies).finally(() => {
      if (this.#asking.get(hash) === answer) this.#asking.delete(hash)
    })
    this.#asking.set(hash, answer)
    return answer
  }

  async #fresh(hash: string, cookies: string): Promise<Answer> {
    const logouts = this.#logouts
    const answer = await this.#inTurn(hash, cookies)
    // Somebody logged out while the site was answering: it may have answered before.
    if (logouts !== this.#logouts) return this.#inTurn(hash, cookies)
    // Somebody may log in at any moment: that nobody is there is not remembered.
    if (answer.kind === "known") this.#remembered.set(hash, answer, this.#options.rememberMs)
    return answer
  }

  async #inTurn(hash: string, cookies: string): Promise<Answer> {
    const answer = this.#turnstile.pass(() => this.#ask(hash, cookies))
    if (!answer) throw outage(`${MAX_WAITING} others wait for the site already`)
    return answer
  }

  async #ask(hash: string, cookies: string): Promise<Answer> {
    const untilMs = this.#breaker.closedUntilMs()
    if (untilMs !== undefined) throw outage("it has failed too often", untilMs - this.#clock.nowMs())
    try {
      const { status, body } = await ask(this.#options, cookies)
      if (status >= 500) throw new Error(`it answered ${status}`)
      const answer = readAnswer(status, body)
      this.#breaker.succeeded()
      this.#isFailing = false
      return answer
    } catch (error) {
      throw outage(this.#reasonOf(error, hash))
    }
  }

  /**
   * One strange answer may be due to one visitor's cookies, and one that does not come too: PHP answers nothing while
   * another page holds the lock of his session. Only a site that is slow or broken for many is left alone.
   */
  #reasonOf(error: unknown, hash: string): string {
    if (error instanceof BadAnswer) this.#breaker.succeeded()
    else this.#breaker.failed(hash)
    const { timeoutMs, url } = this.#options
    const isLate = error instanceof Error && error.name === "TimeoutError"
    const reason = error instanceof Error ? error.message : String(error)
    const why = isLate ? `no answer within ${timeoutMs} ms` : reason
    if (!this.#isFailing) this.#log(`${url} does not say who is there: ${why}`)
    this.#isFailing = true
    return why
  }
}

/** Asks the site. When it knows nobody, the next strategy is asked. */
export function byCallback(callback: Pick<SiteCallback, "whoIs">): Strategy {
  return async ({ headers }) => {
    const answer = await callback.whoIs(headers.get("cookie"))
    return answer.kind === "known" ? identityOf(answer.person, answer.sessionId) : undefined
  }
}

function chosenCookies(header: string, names: readonly string[]): string {
  const pairs = header.split(";").map((pair) => pair.trim())
  if (names.length === 0) return pairs.filter((pair) => pair !== "").join("; ")
  return pairs.filter((pair) => names.some((name) => fits(pair.split("=", 1)[0] ?? "", name))).join("; ")
}

function fits(cookie: string, name: string): boolean {
  return name.endsWith("*") ? cookie.startsWith(name.slice(0, -1)) : cookie === name
}

/** The address of the site and what it answered go into the cause, which only the log shows. */
function outage(why: string, retryAfterMs?: number): SkeinError {
  const cause = new Error(`the site cannot be asked who this is: ${why}`)
  const options = retryAfterMs === undefined ? { cause } : { cause, retryAfterMs }
  return new SkeinError("internal", "the site cannot be asked who this is at the moment", options)
}
