import { CLOSE, type CloseReason, UNSUBSCRIBE } from "../../../core/close-codes.ts"
import type { Connection, ConnectionEvents, Frame, Identity, SubscribeResult } from "../../../core/connection.ts"
import { SkeinError, toSkeinError } from "../../../core/errors.ts"
import { limitError } from "../../../core/limits.ts"
import type { Session, Socket } from "../../../gateway/protocol.ts"
import { BadFrame, type Codec } from "../codec/codec.ts"
import type { Answer, Command, CommandOf, Push } from "../codec/messages.ts"
import type { CentrifugeParts } from "../options.ts"
import { toWireError, toWirePublication, toWireSubscribe } from "../wire.ts"
import { Backlog } from "./backlog.ts"
import { closeFor, closeInsteadOf, isOnPurpose } from "./closing.ts"
import { CommandRate } from "./command-rate.ts"
import { channelOf, type Handler, handlerOf } from "./commands.ts"
import { connect } from "./connect.ts"
import { expiredClose, expiredSubscriptions } from "./expiry.ts"
import type { Failures } from "./failures.ts"
import type { Outbox } from "./outbox.ts"
import { Outgoing } from "./outgoing.ts"
import { badRequest, because } from "./reason.ts"
import { Timing } from "./timing.ts"

export interface SessionShared {
  readonly parts: CentrifugeParts
  readonly outbox: Outbox
  readonly failures: Failures
}

export interface SessionOptions {
  readonly socket: Socket
  readonly codec: Codec
  /** The secret that later commands come with, on transports that send them by other requests (`session`). */
  readonly secret?: string
  readonly onClosed?: () => void
}

/** Where pages of history wait for each other, among the channels: none is called so. */
const HISTORY = ""

type Phase = "new" | "connecting" | "connected" | "refused" | "closed"

/**
 * One client of the Centrifuge protocol on one socket of any transport.
 *
 * Commands start in order; those of one channel wait for each other where that matters. What one event-loop turn
 * answers leaves as one frame.
 */
export class CentrifugeSession implements Session, ConnectionEvents {
  readonly shared: SessionShared
  readonly socket: Socket
  readonly codec: Codec
  readonly secret: string | undefined
  connection: Connection | undefined
  readonly #onClosed: (() => void) | undefined
  readonly #outgoing: Outgoing
  readonly #timing: Timing
  #phase: Phase = "new"
  #inFlight = 0
  /** Undefined unless commands wait: most connections are idle. */
  #backlog: Backlog | undefined
  /** By channel: the last command that the next one of that channel waits for. */
  #busy: Map<string, Promise<void>> | undefined
  #rate: CommandRate | undefined
  #serverSide: Set<string> | undefined

  constructor(shared: SessionShared, { socket, codec, secret, onClosed }: SessionOptions) {
    this.shared = shared
    this.socket = socket
    this.codec = codec
    this.secret = secret
    this.#onClosed = onClosed
    this.#outgoing = new Outgoing(socket, codec, shared.outbox)
    this.#timing = new Timing(shared.parts.config, shared.parts.clock.nowMs(), !this.isUnidirectional)
  }

  /** The connection that commands act for. @throws SkeinError `unauthorized` before connect was accepted */
  get registered(): Connection {
    if (this.connection === undefined) throw new SkeinError("unauthorized")
    return this.connection
  }

  /** Its client says nothing after connect, not even pongs, and understands nothing but pushes. */
  get isUnidirectional(): boolean {
    return this.codec.kind === "unidirectional"
  }

  get isClosed(): boolean {
    return this.#phase === "closed"
  }

  // --- what the gateway calls --------------------------------------------------------------------

  frame(frame: Frame): void {
    if (this.isUnidirectional && this.#phase !== "new") return
    this.#guard(() => {
      if (this.codec.isPong(frame)) this.#pong()
      else this.#take(frame)
    })
  }

  closed(code: number, _reason: string): void {
    this.#phase = "closed"
    this.#backlog = undefined
    this.#outgoing.drop()
    if (this.connection) this.shared.parts.channels.unregister(this.connection, { isGoodbye: isOnPurpose(code) })
    this.#onClosed?.()
  }

  drain(): void {
    this.end(CLOSE.shutdown)
  }

  tick(nowMs: number): void {
    if (this.isClosed) return
    const due = this.#timing.check(nowMs)
    if (due.kind === "close") this.end(due.close)
    else if (due.kind === "ping") this.socket.send(this.codec.ping)
    if (this.connection !== undefined && this.#phase === "connected") this.#endExpired(this.connection, nowMs)
  }

  // --- what core calls ---------------------------------------------------------------------------

  unsubscribed(channel: string, { code, reason }: CloseReason): void {
    const wasServerSide = this.#serverSide?.delete(channel) ?? false
    // Clients cannot take up a server-side subscription again by themselves: they get it with a new connection.
    if (wasServerSide && code >= UNSUBSCRIBE.insufficientState.code) this.end(CLOSE.insufficientState)
    else this.push({ channel, unsubscribe: { code, reason } })
  }

  subscribed(channel: string, result: SubscribeResult): void {
    this.markServerSide(channel)
    const told = toWireSubscribe({ ...result, publications: [] }, this.shared.parts.clock.nowMs())
    this.#guard(() => {
      this.#outgoing.sendNow(this.codec.push({ channel, subscribe: told }))
      // A subscribe push has no room for what was missed: it follows as if it were live.
      for (const publication of result.publications)
        this.#outgoing.sendNow(this.codec.push({ channel, pub: toWirePublication(publication) }))
    })
  }

  // --- what the commands call --------------------------------------------------------------------

  markServerSide(channel: string): void {
    this.#serverSide ??= new Set()
    this.#serverSide.add(channel)
  }

  /** Makes the connection of an accepted identity; it is not registered yet. */
  accept(identity: Identity): Connection {
    this.connection = {
      id: crypto.randomUUID(),
      identity,
      format: this.codec.format,
      outlet: this.socket,
      events: this,
      subscriptions: new Map(),
    }
    return this.connection
  }

  /** The connect reply goes out with this; from now on commands are served. */
  welcome(id: number, answer: Answer): void {
    this.#phase = "connected"
    this.#timing.connected(this.shared.parts.clock.nowMs(), Math.random())
    this.answerNow(id, answer)
  }

  /** Answers at the end of the turn, together with others. */
  answer(id: number, answer: Answer): void {
    this.#guard(() => this.#outgoing.add(this.codec.reply(id, answer)))
  }

  /** Answers when what the command published has gone out. */
  answerPublished(id: number, answer: Answer): void {
    this.#guard(() => this.#outgoing.addAfterPublications(this.codec.reply(id, answer)))
  }

  /** Answers before this returns. */
  answerNow(id: number, answer: Answer): void {
    this.#guard(() => this.#outgoing.sendNow(this.codec.reply(id, answer)))
  }

  push(push: Push): void {
    this.#guard(() => this.#outgoing.add(this.codec.push(push)))
  }

  end(reason: CloseReason): void {
    if (this.isClosed) return
    this.#outgoing.flushPublished()
    this.#outgoing.flush()
    this.#phase = "closed"
    this.socket.close(reason)
  }

  /** Call before giving an answer that costs as much as this many commands more. @throws SkeinError `too_many_requests` */
  ensureAffordable(commands: number): void {
    const { config, clock } = this.shared.parts
    if (commands < 1 || this.connection?.identity.backEnd) return
    this.#rate ??= new CommandRate(config)
    if (!this.#rate.affords(clock.nowMs(), commands))
      throw limitError("limits.messages_per_second", "too_many_requests", "more is asked for than a connection may")
  }

  // --- inside ------------------------------------------------------------------------------------

  #guard(act: () => void): void {
    if (this.isClosed) return
    try {
      act()
    } catch (error) {
      this.#fail(0, error)
    }
  }

  #pong(): void {
    if (!this.#timing.pong()) this.end(badRequest("pong without a ping"))
  }

  #take(frame: Frame): void {
    const reader = this.codec.read(frame)
    const isWaiting = this.#backlog !== undefined
    this.#backlog ??= new Backlog()
    this.#backlog.add(frame, reader)
    if (!isWaiting) this.#serve()
    else if (this.#backlog.bytes > this.shared.parts.config.maxBacklogBytes)
      this.end(because(CLOSE.tooManyRequests, "commands come faster than they can be served"))
  }

  /** Starts what waits, as far as it may. */
  #serve(): void {
    const { maxCommandsInFlight } = this.shared.parts.config
    while (this.#backlog !== undefined && !this.isClosed) {
      if (this.#phase === "connecting" || this.#inFlight >= maxCommandsInFlight) return
      const command = this.#backlog.next()
      if (command === undefined) this.#backlog = undefined
      else this.#start(command)
    }
  }

  #start(command: Command): void {
    if (command.kind === "pong") this.#pong()
    else if (command.id === 0 && command.kind !== "send") throw new BadFrame("command without an id")
    else if (command.kind === "connect") this.#startConnect(command)
    else if (this.#phase !== "connected") throw new BadFrame("the first command must be connect, and be accepted")
    else if (this.#isWithinRate(command)) this.#startCommand(command)
  }

  #startConnect(command: CommandOf<"connect">): void {
    if (this.#phase !== "new") throw new BadFrame("connect was already sent")
    this.#phase = "connecting"
    void this.#run(command, () => connect(this, command), undefined)
  }

  #startCommand(command: Command): void {
    const handler = handlerOf(command)
    const channel = channelOf(command)
    const before = channel === undefined ? undefined : this.#busy?.get(channel)
    const work = this.#run(command, handler, command.kind === "history" ? this.#afterHistory(before) : before)
    if (command.kind === "history") this.#occupy(HISTORY, work)
    if (channel !== undefined && (before !== undefined || command.kind === "subscribe")) this.#occupy(channel, work)
  }

  /** A page may be megabytes, and asking for sixty of them a line: they are read one after the other. */
  #afterHistory(before: Promise<void> | undefined): Promise<unknown> | undefined {
    const last = this.#busy?.get(HISTORY)
    return last === undefined ? before : Promise.all([last, before])
  }

  async #run(command: Command, handler: Handler, before: Promise<unknown> | undefined): Promise<void> {
    this.#inFlight++
    try {
      if (before !== undefined) await before
      if (!this.isClosed) await handler(this, command)
    } catch (error) {
      this.#fail(command.id, error)
    }
    this.#inFlight--
    if (this.#backlog !== undefined) this.#guard(() => this.#serve())
  }

  #occupy(channel: string, work: Promise<void>): void {
    this.#busy ??= new Map()
    const busy = this.#busy
    busy.set(channel, work)
    void work.then(() => {
      if (busy.get(channel) === work) busy.delete(channel)
      if (busy.size === 0 && this.#busy === busy) this.#busy = undefined
    })
  }

  #isWithinRate(command: Command): boolean {
    const { config, clock } = this.shared.parts
    if (this.connection?.identity.backEnd) return true
    this.#rate ??= new CommandRate(config)
    const verdict = this.#rate.next(clock.nowMs(), command.kind)
    if (verdict === "serve") return true
    const limit = command.kind === "subscribe" ? "limits.subscribes_per_second" : "limits.messages_per_second"
    const error = limitError(limit, "too_many_requests", "more commands a second than a connection may send")
    if (verdict === "refuse") this.#fail(command.id, error)
    else this.end(because(CLOSE.tooManyRequests, "commands keep coming faster than allowed"))
    return false
  }

  #endExpired(connection: Connection, nowMs: number): void {
    const { channels, config } = this.shared.parts
    const close = expiredClose(connection, nowMs, config.expiryGraceMs)
    if (close !== undefined) {
      this.end(close)
      return
    }
    for (const channel of expiredSubscriptions(connection, nowMs, config.expiryGraceMs))
      channels.revoke(connection, channel, UNSUBSCRIBE.expired)
  }

  /** What a command or a frame came to grief of: an answer where one is possible, otherwise the end. */
  #fail(id: number, error: unknown): void {
    if (this.isClosed) return
    const close = closeFor(error)
    if (close !== undefined) {
      this.end(close)
      return
    }
    const known = toSkeinError(error)
    if (known.code === "internal") this.shared.failures.note(error)
    if (this.#phase === "connecting") this.#phase = "refused"
    if (this.isUnidirectional) this.end(closeInsteadOf(known))
    else if (id === 0) this.end(CLOSE.internal)
    else this.answer(id, { error: toWireError(known) })
  }
}
