import { type CloseReason, isGoodbye, UNSUBSCRIBE } from "../../../core/close-codes.ts"
import { ANONYMOUS, type Connection, type Frame } from "../../../core/connection.ts"
import { noteLimit, RateLimit } from "../../../core/limits.ts"
import type { Session, Socket } from "../../../gateway/protocol.ts"
import type { App } from "../apps.ts"
import { RECOVERING_FORMAT, STOCK_FORMAT } from "../encoders.ts"
import * as frames from "../frames.ts"
import { type ClientMessage, readMessage } from "../messages.ts"
import type { PusherParts } from "../options.ts"
import type { LeftChannel, PageHolder } from "../pages.ts"
import { Refusal, toRefusal, type Wrong } from "../refusal.ts"
import type { Shared } from "../shared.ts"
import { formatSocketId, pageNumber } from "../socket-id.ts"
import type { SignedIn } from "../users.ts"
import type { Client, SignedInUser } from "./client.ts"
import { clientEvent } from "./client-events.ts"
import { Inbox } from "./inbox.ts"
import type { Opening } from "./opening.ts"
import { PusherOutlet } from "./outlet.ts"
import { Confirmations } from "./replay.ts"
import { signIn } from "./signin.ts"
import { subscribe } from "./subscribing.ts"

/** Of every client without a page id. Nothing is ever added to it. */
const NOTHING_LEFT = new Map<string, LeftChannel>()

const UNAUTHORIZED = { code: 4009, reason: "Connection not authorized within timeout" }
const NO_PONG = { code: 4201, reason: "Pong reply not received" }
const TOO_MANY_MESSAGES = { code: 4100, reason: "Too many messages: try again later" }
const SHUTDOWN = { code: 4200, reason: "Server is restarting, please reconnect" }
const TAKEN_OVER = { code: 4100, reason: "Another connection came with this page id" }

/** The client said goodbye, or was told to stay away (4000–4099). */
const isOnPurpose = (code: number): boolean => isGoodbye(code) || (code >= 4000 && code < 4100)

/** One connected client. */
export class PusherSession implements Session, Client, PageHolder {
  readonly app: App
  readonly parts: PusherParts
  readonly shared: Shared
  readonly connection: Connection
  readonly socketId: string
  readonly page: number
  readonly recovering: boolean
  readonly confirmations: Confirmations | undefined
  readonly left: Map<string, LeftChannel>
  user: SignedInUser | undefined
  isAuthorized = false
  readonly #socket: Socket
  readonly #pageId: string | undefined
  readonly #messageRate: RateLimit
  readonly #inbox = new Inbox((text) => this.#work(text))
  readonly #openedAtMs: number
  #clientEventRate: RateLimit | undefined
  #subscribeRate: RateLimit | undefined
  #signedIn: SignedIn | undefined
  #heardAtMs: number
  #pingedAtMs: number
  #isOver = false

  constructor(socket: Socket, { app, version, pageId, recovering }: Opening, parts: PusherParts, shared: Shared) {
    const nowMs = parts.clock.nowMs()
    const { replayWindowMs } = app.options
    this.app = app
    this.parts = parts
    this.shared = shared
    this.recovering = recovering
    this.page = pageId === undefined ? parts.randomNumber() : pageNumber(app.id, pageId)
    this.socketId = formatSocketId({ connection: parts.randomNumber(), page: this.page })
    this.confirmations =
      pageId !== undefined && !recovering && replayWindowMs > 0
        ? new Confirmations(parts.encoders.lastOffsets, parts.fanout)
        : undefined
    this.#messageRate = new RateLimit(parts.config.messagesPerSecond, parts.config.messageBurst, nowMs)
    this.#socket = socket
    this.#pageId = pageId
    this.#openedAtMs = nowMs
    this.#heardAtMs = nowMs
    this.#pingedAtMs = nowMs
    this.connection = {
      id: this.socketId,
      identity: ANONYMOUS,
      format: recovering ? RECOVERING_FORMAT : STOCK_FORMAT,
      outlet: new PusherOutlet(socket, version),
      events: { unsubscribed: (channel, reason) => this.#unsubscribed(channel, reason) },
      subscriptions: new Map(),
    }
    app.connections++
    parts.channels.register(this.connection)
    this.left = pageId === undefined ? NOTHING_LEFT : shared.pages.enter(app, pageId, this, nowMs)
    this.send(frames.established(this.socketId, parts.config.activityTimeoutSeconds))
  }

  /** Made when it is needed first: most clients never send an event. */
  get clientEventRate(): RateLimit {
    const { clientEventsPerSecond } = this.app.options.limits
    this.#clientEventRate ??= new RateLimit(clientEventsPerSecond, clientEventsPerSecond, this.parts.clock.nowMs())
    return this.#clientEventRate
  }

  get subscribeRate(): RateLimit {
    const { subscribesPerSecond, subscribeBurst } = this.parts.config
    this.#subscribeRate ??= new RateLimit(subscribesPerSecond, subscribeBurst, this.parts.clock.nowMs())
    return this.#subscribeRate
  }

  get connectionId(): string {
    return this.connection.id
  }

  get earlierSocketIds(): readonly string[] {
    return this.shared.recentSockets.of(this.#socket.handshake.address)
  }

  send(frame: string): void {
    this.#socket.send(frame)
  }

  // --- what the gateway tells -------------------------------------------------------------------

  frame(frame: Frame): void {
    if (this.#isOver) return
    const nowMs = this.#heardNow()
    if (typeof frame !== "string") this.send(frames.error(null, "Binary frames are not supported: send text"))
    else if (!this.#isWithinRate(nowMs) || !this.#inbox.take(frame)) this.#expel(TOO_MANY_MESSAGES, "limit")
  }

  /** Most clients never say anything; those of Java, Swift and .NET do not even answer `pusher:ping`. */
  heard(): void {
    if (!this.#isOver) this.#heardNow()
  }

  /** pusher-js closes no differently when it gives up a connection that has fallen silent: a goodbye ends presence only. */
  closed(code: number): void {
    this.#leave(isOnPurpose(code))
  }

  drain(): void {
    this.#end(SHUTDOWN)
  }

  tick(nowMs: number): void {
    if (this.#isOver) return
    const { authorizeWithinMs } = this.app.options
    const isStranger = authorizeWithinMs > 0 && !this.isAuthorized
    if (isStranger && nowMs - this.#openedAtMs >= authorizeWithinMs) this.#expel(UNAUTHORIZED, "permission")
    else if (this.#isSilent(nowMs)) this.#end(NO_PONG)
    else if (this.confirmations?.ask(nowMs)) this.send(frames.PING)
    else if (nowMs - this.#pingedAtMs >= this.parts.config.pingIntervalMs) {
      this.#pingedAtMs = nowMs
      this.#askForLife()
    }
  }

  takenOver(): void {
    this.#end(TAKEN_OVER)
  }

  // --- inside -----------------------------------------------------------------------------------

  #heardNow(): number {
    this.#heardAtMs = this.parts.clock.nowMs()
    return this.#heardAtMs
  }

  /** Every WebSocket answers by itself. Only pusher-js comes over other transports, and it answers the event. */
  #askForLife(): void {
    if (this.#socket.ping) this.#socket.ping()
    else this.send(frames.PING)
  }

  #isSilent(nowMs: number): boolean {
    if (this.confirmations?.isOverdue(nowMs)) return true
    return this.#heardAtMs < this.#pingedAtMs && nowMs - this.#pingedAtMs >= this.parts.config.pongTimeoutMs
  }

  #work(text: string): Promise<void> | undefined {
    if (this.#isOver) return undefined
    try {
      return this.#act(readMessage(text))?.catch((error) => this.#refused(error))
    } catch (error) {
      this.#refused(error)
      return undefined
    }
  }

  /** @throws Refusal, SkeinError */
  #act(message: ClientMessage): Promise<void> | undefined {
    switch (message.kind) {
      case "ping":
        this.send(frames.PONG)
        return undefined
      case "pong":
        this.confirmations?.answered()
        return undefined
      case "subscribe":
        return subscribe(this, message.subscribe)
      case "unsubscribe":
        this.#unsubscribe(message.channel)
        return undefined
      case "signin":
        this.#signIn(message.auth, message.userData)
        return undefined
      case "client_event":
        return clientEvent(this, message)
    }
  }

  #unsubscribe(channel: string): void {
    const coreChannel = this.app.toCore(channel)
    this.parts.channels.unsubscribe(this.connection, coreChannel)
    this.confirmations?.left(coreChannel)
    this.left.delete(coreChannel)
  }

  #signIn(auth: string, userData: string): void {
    const { user, watchlist, answers } = signIn(this, auth, userData)
    for (const answer of answers) this.send(answer)
    // A stream that takes no more ends at once; it would be online for ever.
    if (this.#isOver) return
    this.isAuthorized = true
    const { users } = this.shared
    if (this.#signedIn) users.signOut(user.id, this.#signedIn)
    this.user = user
    this.#signedIn = {
      app: this.app,
      watchlist,
      told: (events) => this.send(frames.watchlistEvents(events)),
      terminate: () => this.#end({ code: this.app.options.terminateCode, reason: "Terminated by the app's back end" }),
    }
    users.signIn(user.id, this.#signedIn)
  }

  /** The server took a subscription away. */
  #unsubscribed(coreChannel: string, { code, reason }: CloseReason): void {
    if (code >= UNSUBSCRIBE.insufficientState.code) {
      // The client cannot subscribe again by itself without reconnecting, so that it does. Where it stood is void, but
      // kept for its return: by it the client is told of the gap.
      this.#end({ code: 4200, reason: "History restarted, please reconnect" })
      return
    }
    const channel = this.parts.apps.ofChannel(coreChannel)?.channel
    this.confirmations?.left(coreChannel)
    if (channel === undefined) return
    this.send(frames.subscriptionError(channel, "Unsubscribed", `Unsubscribed by the server: ${reason}`, 403))
  }

  #refused(error: unknown): void {
    const refusal = toRefusal(error)
    this.#tellRefusal("message", refusal)
    this.send(frames.error(refusal.code, refusal.message))
  }

  #tellRefusal(what: "message" | "connection", refusal: Refusal): void {
    const { app, shared, socketId } = this
    shared.refusals.tell({ app: app.id, what, refusal, fields: { socketId } })
  }

  #isWithinRate(nowMs: number): boolean {
    if (this.#messageRate.take(nowMs)) return true
    noteLimit("limits.messages_per_second")
    return false
  }

  /** Ends a connection that does not behave. */
  #expel(reason: CloseReason, wrong: Wrong): void {
    this.#tellRefusal("connection", new Refusal(403, reason.reason, { wrong }))
    this.#end(reason)
  }

  /** Ends the connection from our side. */
  #end(reason: CloseReason): void {
    if (this.#isOver) return
    this.#leave(isOnPurpose(reason.code))
    this.connection.outlet.close(reason)
  }

  /** Also where it stood when it dropped before: it may drop again before it has subscribed to everything. */
  #standing(nowMs: number): Map<string, LeftChannel> {
    const here = this.confirmations?.atDrop(nowMs + this.app.options.replayWindowMs)
    return new Map([...this.left, ...(here ?? [])])
  }

  /** @param isForGood - nobody waits for its return: its presence ends at once */
  #leave(isForGood: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#inbox.clear()
    const { app, shared, parts } = this
    app.connections--
    shared.recentSockets.closed(this.#socket.handshake.address, this.socketId)
    if (this.#pageId !== undefined) {
      const nowMs = parts.clock.nowMs()
      shared.pages.leave(app, this.#pageId, this, this.#standing(nowMs), nowMs)
    }
    if (this.user && this.#signedIn) shared.users.signOut(this.user.id, this.#signedIn)
    parts.channels.unregister(this.connection, { isGoodbye: isForGood })
  }
}
