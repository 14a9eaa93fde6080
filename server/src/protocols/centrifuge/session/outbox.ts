/** A connection with replies to send at the end of the turn. */
export interface Flushable {
  flush(): void
  /** As `flush`, with the answers to its publish commands. */
  flushPublished(): void
}

/**
 * Ends the event-loop turns of all sessions together: one deferred call for all of them, one frame for each.
 *
 * Answers to publications have a queue of their own, deferred after the publication was handed to the fan-out: a
 * publisher sees what it published before it is told that it did. (Not promised for topics so busy that their
 * publications are collected for longer than a turn, and nothing depends on it there.)
 */
export class Outbox {
  readonly #answers: Queue
  readonly #publishAnswers: Queue

  /** @param defer - runs once at the end of the current event-loop turn, in order of calls */
  constructor(defer: (run: () => void) => void) {
    this.#answers = new Queue(defer, (session) => session.flush())
    this.#publishAnswers = new Queue(defer, (session) => session.flushPublished())
  }

  /** `session.flush` is called at the end of this turn. */
  schedule(session: Flushable): void {
    this.#answers.add(session)
  }

  /** `session.flushPublished` is called once what was published until now has gone out. */
  scheduleAfterPublications(session: Flushable): void {
    this.#publishAnswers.add(session)
  }
}

class Queue {
  readonly #defer: (run: () => void) => void
  readonly #send: (session: Flushable) => void
  readonly #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const session of waiting) this.#send(session)
  }
  #waiting: Flushable[] = []

  constructor(defer: (run: () => void) => void, send: (session: Flushable) => void) {
    this.#defer = defer
    this.#send = send
  }

  add(session: Flushable): void {
    this.#waiting.push(session)
    if (this.#waiting.length === 1) this.#defer(this.#flush)
  }
}
