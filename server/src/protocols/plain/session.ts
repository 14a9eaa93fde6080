import { randomUUID } from "node:crypto"
import { CLOSE, type CloseReason, isGoodbye } from "../../core/close-codes.ts"
import type { Connection, ConnectionEvents, Frame } from "../../core/connection.ts"
import { SkeinError, toSkeinError } from "../../core/errors.ts"
import type { Session, Socket } from "../../gateway/protocol.ts"
import { closeReasonOf, whoIsIt } from "./arrival.ts"
import type { Arrival } from "./arrivals.ts"
import { encoderFor } from "./encoders.ts"
import { endExpiredSubscriptions } from "./expiry.ts"
import { FloodGuard } from "./flood-guard.ts"
import { Inbox, type Job, type Runner } from "./inbox.ts"
import { preferredLanguage } from "./language.ts"
import { type Host, Participant, type Shared } from "./participant.ts"
import { replies } from "./replies.ts"
import type { Settling } from "./settling.ts"
import type { Language } from "./texts.ts"

/**
 * One plain connection: arrives (identity, lobby), then carries out its frames one after the other.
 * Rules by their ids: spec/plain.md.
 */
export class PlainSession implements Session, ConnectionEvents, Host, Runner {
  readonly language: Language
  readonly #shared: Shared
  readonly #settling: Settling
  readonly #socket: Socket
  readonly #openedAtMs: number
  #pingedAtMs: number
  /** Undefined until the peer answers a ping or sends one: clients written by hand often never do. */
  #heardAtMs: number | undefined
  readonly #inbox: Inbox
  /** Made when first needed and forgotten when it no longer bounds anything: most connections only listen. */
  #guard: FloodGuard | undefined
  #participant: Participant | undefined
  #isArriving = true
  /** Set when nothing of this client shall be carried out any more. */
  #refused = false
  #closed = false
  #waitsToSettle = false
  /** Text frames in the inbox whose rate has not been looked at. They are the first ones. */
  #early = 0

  constructor(shared: Shared, settling: Settling, socket: Socket) {
    const { clock, config } = shared.parts
    this.#shared = shared
    this.#settling = settling
    this.#socket = socket
    this.language = preferredLanguage(socket.handshake.headers.get("accept-language"), config.language)
    this.#openedAtMs = clock.nowMs()
    this.#pingedAtMs = this.#openedAtMs
    this.#inbox = new Inbox(config.maxBacklogBytes, this)
  }

  /** Finds out who this is and lets it into the lobby. Never rejects. */
  async arrive(): Promise<void> {
    const arrival = this.#shared.arrivals.come()
    try {
      await this.#arrive(arrival)
    } catch (error) {
      this.#refuse(toSkeinError(error))
    }
    arrival.over()
    this.#isArriving = false
    if (this.#closed || !this.#inbox.isEmpty) this.#startWhenSettled()
  }

  get guard(): FloodGuard {
    this.#guard ??= new FloodGuard(this.#shared.parts.config)
    return this.#guard
  }

  // --- what the gateway calls ------------------------------------------------------------------

  frame(frame: Frame): void {
    if (this.#refused) return
    if (this.#heardAtMs !== undefined) this.heard()
    // Back ends have no rate, so it is applied once the identity is known. Until then only the inbox bounds the client.
    if (this.#participant === undefined) this.#early += typeof frame === "string" ? 1 : 0
    else if (!this.#isWithinRate()) return
    this.#take(frame)
  }

  heard(): void {
    this.#heardAtMs = this.#shared.parts.clock.nowMs()
  }

  closed(code: number): void {
    this.#closed = true
    if (this.#participant === undefined) return
    // What it sent before it closed is still carried out, without waiting for anything.
    this.#shared.parts.channels.unregister(this.#participant.connection, { isGoodbye: isGoodbye(code) })
    if (!this.#isArriving) this.#startWhenSettled()
  }

  drain(): void {
    this.#socket.close(CLOSE.shutdown)
  }

  tick(nowMs: number): void {
    const { channels, config } = this.#shared.parts
    const participant = this.#participant
    if (participant === undefined) {
      if (nowMs - this.#openedAtMs > config.connectTimeoutMs) this.#stop(CLOSE.stale)
      return
    }
    const { expiresAtMs } = participant.connection.identity
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return void this.#stop(CLOSE.expired)
    if (this.#isDead(nowMs)) return void this.#stop(CLOSE.noPong)
    endExpiredSubscriptions(channels, participant.connection, nowMs)
    if (nowMs - this.#pingedAtMs >= config.pingIntervalMs) {
      this.#pingedAtMs = nowMs
      this.#socket.ping?.()
    }
    if (this.#guard?.isAtRest(nowMs)) this.#guard = undefined
    if (!this.#isArriving && participant.isLost(nowMs)) this.#inbox.add(() => participant.findLobby())
  }

  // --- what core calls -------------------------------------------------------------------------

  unsubscribed(channel: string, reason: CloseReason): void {
    const job = this.#participant?.afterUnsubscribed(channel, reason)
    if (job !== undefined) this.#inbox.add(job)
  }

  // --- arriving --------------------------------------------------------------------------------

  async #arrive(arrival: Arrival): Promise<void> {
    const { parts } = this.#shared
    const id = randomUUID()
    const who = await whoIsIt(parts, this.#socket.handshake, id)
    const connection: Connection = {
      id,
      identity: who.identity,
      format: encoderFor(parts.encoders, this.language).name,
      outlet: this.#socket,
      events: this,
      subscriptions: new Map(),
    }
    if (!this.#closed) parts.channels.register(connection)
    const participant = new Participant(this.#shared, this, connection, who)
    this.#participant = participant
    // Failing here does not end the connection: `tick` and the next message try again.
    await participant.enterLobby(arrival).catch((error: unknown) => this.failedAside(error))
    await participant.enterChannels()
  }

  /** Says why and closes. */
  #refuse(error: SkeinError): void {
    this.#refused = true
    this.#inbox.clear()
    if (error.code === "internal") this.#logBug(error)
    else this.#shared.parts.log.info({ code: error.code, why: error.message }, "plain: connection refused")
    this.#inbox.add(async () => {
      this.#sendError(error)
      this.#socket.close(closeReasonOf(error))
    })
  }

  #startWhenSettled(): void {
    if (this.#inbox.isStarted) return
    if (this.#closed || this.#settling.remainingMs(this.#openedAtMs) <= 0) this.#inbox.start()
    else if (!this.#waitsToSettle) this.#settling.whenSettled(this.#openedAtMs, () => this.#inbox.start())
    this.#waitsToSettle = true
  }

  // --- carrying out ----------------------------------------------------------------------------

  #take(frame: Frame): void {
    if (!this.#inbox.add(typeof frame === "string" ? frame : refuseBinary)) this.#stop(CLOSE.tooManyRequests)
    else if (!this.#isArriving) this.#startWhenSettled()
  }

  #isWithinRate(): boolean {
    if (this.#participant?.connection.identity.backEnd) return true
    const refusal = this.guard.refuses(this.#shared.parts.clock.nowMs())
    if (refusal === "close") this.#stop(CLOSE.tooManyRequests)
    else if (refusal !== undefined) this.failedAside(refusal)
    return refusal === undefined
  }

  async carryOut(job: Job): Promise<void> {
    if (typeof job === "string" && this.#early > 0) {
      this.#early--
      if (!this.#isWithinRate()) return
    }
    try {
      await (typeof job === "string" ? this.#participant?.handle(job) : job())
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(thrown: unknown): void {
    const error = toSkeinError(thrown)
    if (error.code === "internal") this.#logBug(error)
    this.#sendError(error)
  }

  /** For failures outside the turn of a frame. Before the connection has settled they are told only then. */
  failedAside(error: unknown): void {
    if (this.#inbox.isStarted) this.#failed(error)
    else this.#inbox.add(() => Promise.reject(error))
  }

  #sendError(error: SkeinError): void {
    this.#socket.send(replies.error(error, this.language))
  }

  /**
   * Silent for as long as a socket may be, and after a ping: when this process stood still, that was not the client's
   * silence. The socket's own idle time does not run out, as our pings begin it anew.
   */
  #isDead(nowMs: number): boolean {
    const { idleTimeoutMs, pongTimeoutMs } = this.#shared.parts.config
    if (this.#heardAtMs === undefined || this.#heardAtMs >= this.#pingedAtMs) return false
    return nowMs - this.#heardAtMs >= idleTimeoutMs && nowMs - this.#pingedAtMs >= pongTimeoutMs
  }

  #stop(reason: CloseReason): void {
    this.#refused = true
    this.#inbox.clear()
    this.#socket.close(reason)
  }

  #logBug(error: SkeinError): void {
    this.#shared.parts.log.error({ err: error.cause ?? error }, "plain: a command failed")
  }
}

async function refuseBinary(): Promise<void> {
  throw new SkeinError("bad_request", "binary frames are not supported: send text frames")
}
