import { randomUUID } from "node:crypto"
import { CLOSE, type CloseReason, UNSUBSCRIBE } from "../../core/close-codes.ts"
import type { Connection, ConnectionEvents, Frame, Identity } from "../../core/connection.ts"
import { SkeinError, toSkeinError } from "../../core/errors.ts"
import type { Session, Socket } from "../../gateway/protocol.ts"
import type { Arrivals } from "./arrivals.ts"
import { ChannelCommands } from "./channel-commands.ts"
import { type Command, readFrame } from "./commands.ts"
import { CHAT_PREFIX, encoderFor } from "./encoders.ts"
import { endExpiredSubscriptions } from "./expiry.ts"
import { FloodGuard } from "./flood-guard.ts"
import { Inbox, type Job } from "./inbox.ts"
import { preferredLanguage } from "./language.ts"
import type { PlainParts } from "./options.ts"
import { replies } from "./replies.ts"
import { Seat } from "./seat.ts"
import type { Settling } from "./settling.ts"
import { type Language, TEXTS } from "./texts.ts"

const LOBBY_RETRY_MS = 5_000

/** What all sessions of the protocol share. */
export interface Shared {
  readonly parts: PlainParts
  readonly settling: Settling
  readonly arrivals: Arrivals
  readonly onLobby: (channel: string) => void
}

/** Who a connection turned out to be, and what it can do. */
interface Arrived {
  readonly connection: Connection
  readonly channels: ChannelCommands
  readonly seat: Seat | undefined
}

/**
 * One plain connection: arrives (identity, lobby), then carries out its frames one after the other.
 * Rules by their ids: spec/plain.md.
 */
export class PlainSession implements Session, ConnectionEvents {
  readonly #shared: Shared
  readonly #socket: Socket
  readonly #language: Language
  readonly #openedAtMs: number
  readonly #inbox: Inbox
  readonly #guard: FloodGuard
  #arrived: Arrived | undefined
  #isArriving = true
  /** Set when nothing of this client shall be carried out any more. */
  #refused = false
  #closed = false
  #waitsToSettle = false
  #nextLobbyTryMs = 0

  constructor(shared: Shared, socket: Socket) {
    const { clock, config } = shared.parts
    this.#shared = shared
    this.#socket = socket
    this.#language = preferredLanguage(socket.handshake.headers.get("accept-language"), config.language)
    this.#openedAtMs = clock.nowMs()
    this.#guard = new FloodGuard(config, this.#openedAtMs)
    this.#inbox = new Inbox(config.maxBacklogBytes, (job) => this.#carryOut(job))
  }

  /** Finds out who this is and lets it into the lobby. Never rejects. */
  async arrive(): Promise<void> {
    try {
      await this.#arrive()
    } catch (error) {
      this.#refuse(toSkeinError(error))
    }
    this.#isArriving = false
    if (this.#closed || !this.#inbox.isEmpty) this.#startWhenSettled()
  }

  // --- what the gateway calls ------------------------------------------------------------------

  frame(frame: Frame): void {
    if (this.#refused) return
    const { clock } = this.#shared.parts
    const refusal = this.#arrived?.connection.identity.backEnd ? undefined : this.#guard.refuses(clock.nowMs())
    if (refusal === undefined) this.#take(frame)
    else if (refusal === "close") this.#stop(CLOSE.tooManyRequests)
    else if (this.#inbox.isStarted) this.#sendError(refusal)
  }

  closed(code: number): void {
    this.#closed = true
    if (this.#arrived === undefined) return
    // What it sent before it went is still carried out; nobody is there any more to wait for the answer.
    this.#shared.parts.channels.unregister(this.#arrived.connection, isGoodbye(code))
    if (!this.#isArriving) this.#startWhenSettled()
  }

  drain(): void {
    this.#socket.close(CLOSE.shutdown)
  }

  tick(nowMs: number): void {
    const { channels, config } = this.#shared.parts
    if (this.#arrived === undefined) {
      if (nowMs - this.#openedAtMs > config.connectTimeoutMs) this.#stop(CLOSE.stale)
      return
    }
    const { connection } = this.#arrived
    const { expiresAtMs } = connection.identity
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return void this.#stop(CLOSE.expired)
    endExpiredSubscriptions(channels, connection, nowMs)
    this.#returnToLobby(nowMs)
  }

  // --- what core calls -------------------------------------------------------------------------

  unsubscribed(channel: string, reason: CloseReason): void {
    const isLost = reason.code >= UNSUBSCRIBE.insufficientState.code && reason.code !== UNSUBSCRIBE.expired.code
    if (this.#arrived?.seat?.isIn(channel)) this.#inbox.add(() => this.#backToLobby(isLost))
    // Rooms are told of by their own messages.
    else if (channel.startsWith(CHAT_PREFIX)) return
    else if (isLost) this.#inbox.add(() => this.#channels.resubscribe(channel))
    else this.#socket.send(replies.unsubscribed(channel, reason))
  }

  // --- arriving --------------------------------------------------------------------------------

  async #arrive(): Promise<void> {
    const { parts, onLobby } = this.#shared
    const { channels, rooms, config } = parts
    const id = randomUUID()
    const { identity, anonymous, mayEnterRooms } = await this.#identify(id)
    const connection: Connection = {
      id,
      identity,
      format: encoderFor(parts.encoders, this.#language).name,
      outlet: this.#socket,
      events: this,
      subscriptions: new Map(),
    }
    if (!this.#closed) channels.register(connection)
    const seat =
      rooms && mayEnterRooms ? new Seat({ channels, rooms, connection, lobby: config.lobby, onLobby }) : undefined
    const commands = new ChannelCommands(parts, connection, anonymous)
    this.#arrived = { connection, seat, channels: commands }
    // Failing here is no reason to end the connection: `tick` and saying something try again.
    await seat?.enterLobby().catch((error: unknown) => this.#later(() => Promise.reject(error)))
    for (const { channel } of identity.channels ?? []) await this.#attempt(() => commands.subscribeByServer(channel))
  }

  async #identify(id: string): Promise<{ identity: Identity; anonymous: boolean; mayEnterRooms: boolean }> {
    const { parts } = this.#shared
    const { handshake } = this.#socket
    const isBackEnd = parts.isBackEnd(handshake)
    const known = await parts.identify.identify(handshake)
    const backEnd = isBackEnd ? { backEnd: true } : {}
    if (known !== undefined && known.userId !== "")
      return { identity: { ...known, ...backEnd }, anonymous: false, mayEnterRooms: true }
    try {
      const guest = parts.rooms?.anonymous(id) ?? { userId: "" }
      return { identity: { ...known, ...guest, ...backEnd }, anonymous: true, mayEnterRooms: true }
    } catch (error) {
      if (!(error instanceof SkeinError && error.code === "unauthorized")) throw error
      if (!isBackEnd && !parts.config.allowAnonymous)
        throw new SkeinError("permission_denied", "anonymous clients are not taken here: connect with ?token=…")
      return { identity: { userId: "", ...known, ...backEnd }, anonymous: true, mayEnterRooms: false }
    }
  }

  /** Says why and closes. Codes from 3500 on tell a client that coming back as it is would be useless. */
  #refuse(error: SkeinError): void {
    this.#refused = true
    this.#inbox.clear()
    if (error.code === "internal") this.#logBug(error)
    else this.#shared.parts.log.info({ code: error.code, why: error.message }, "plain: connection refused")
    this.#later(async () => {
      this.#sendError(error)
      this.#socket.close(closeReasonOf(error))
    })
  }

  #startWhenSettled(): void {
    if (this.#inbox.isStarted) return
    const { settling } = this.#shared
    if (this.#closed || settling.remainingMs(this.#openedAtMs) <= 0) this.#inbox.start()
    else if (!this.#waitsToSettle) settling.whenSettled(this.#openedAtMs, () => this.#inbox.start())
    this.#waitsToSettle = true
  }

  // --- carrying out ----------------------------------------------------------------------------

  #take(frame: Frame): void {
    if (!this.#inbox.add(typeof frame === "string" ? frame : refuseBinary)) this.#stop(CLOSE.tooManyRequests)
    else if (!this.#isArriving) this.#startWhenSettled()
  }

  async #carryOut(job: Job): Promise<void> {
    await this.#attempt(() => (typeof job === "string" ? this.#handle(job) : job()))
  }

  async #attempt(run: () => Promise<void> | void): Promise<void> {
    try {
      await run()
    } catch (thrown) {
      const error = toSkeinError(thrown)
      if (error.code === "internal") this.#logBug(error)
      this.#sendError(error)
    }
  }

  #handle(frame: string): Promise<void> | void {
    const reading = readFrame(frame)
    if (reading.kind === "command") return this.#command(reading.command)
    if (reading.kind === "heartbeat") return this.#socket.send("pong")
    if (reading.kind === "channelled" && this.#connection.identity.backEnd) return this.#publish(reading.channel, frame)
    return this.#say(frame)
  }

  #command(command: Command): Promise<void> | void {
    switch (command.type) {
      case "join_room":
        return this.#joinRoom(command.room_id)
      case "leave_room":
        return this.#leaveRoom()
      case "subscribe":
        this.#ensureMaySubscribe()
        return this.#channels.subscribe(command.channel, command.token)
      case "unsubscribe":
        return this.#channels.unsubscribe(command.channel)
      case "history":
        this.#ensureMaySubscribe()
        return command.channel === undefined
          ? this.#roomHistory(command.limit)
          : this.#channels.history(command.channel, command.limit, command.since)
      case "ping":
      case "heartbeat":
        return this.#socket.send(replies.pong())
      case "pong":
        return
    }
  }

  async #say(text: string): Promise<void> {
    const seat = this.#seat
    if (seat.isLobby()) await this.#shared.arrivals.settled()
    await seat.say(text, this.#shared.parts.config.senderEcho)
  }

  async #joinRoom(roomId: string): Promise<void> {
    this.#ensureMaySubscribe()
    const { createRooms } = this.#shared.parts.config
    await this.#seat.enter(roomId, createRooms, () => this.#system(TEXTS[this.#language].joined(roomId)))
  }

  async #leaveRoom(): Promise<void> {
    const roomId = await this.#seat.leave()
    this.#system(TEXTS[this.#language].left(roomId))
    await this.#seat.enterLobby()
  }

  async #roomHistory(limit: number): Promise<void> {
    const { roomId, lines } = await this.#seat.recent(limit)
    this.#socket.send(replies.roomHistory(roomId, lines))
  }

  /** A connection that could not be let into the lobby (storage was down, too many at once) is in no room. */
  #returnToLobby(nowMs: number): void {
    const seat = this.#arrived?.seat
    if (seat === undefined || seat.roomId !== undefined || this.#isArriving || nowMs < this.#nextLobbyTryMs) return
    this.#nextLobbyTryMs = nowMs + LOBBY_RETRY_MS
    // The client was told of the first refusal; the same one every few seconds would say nothing new.
    this.#later(() => (seat.roomId === undefined ? seat.enterLobby().catch(() => undefined) : Promise.resolve()))
  }

  /** @param stay - the room itself is as before, only the subscription was lost */
  async #backToLobby(stay: boolean): Promise<void> {
    const seat = this.#seat
    const wasLobby = seat.isLobby()
    const roomId = seat.lose()
    if (roomId === undefined) return
    if (stay) return seat.enter(roomId, false, () => undefined)
    this.#system(TEXTS[this.#language].left(roomId))
    if (!wasLobby) await seat.enterLobby()
  }

  /** Not waited for: a back end may publish faster than a disk answers, and the log keeps the order. */
  #publish(channel: string, frame: string): void {
    void this.#attempt(() => this.#channels.publish(channel, frame))
  }

  // --- small things ----------------------------------------------------------------------------

  get #connection(): Connection {
    return this.#here.connection
  }

  get #channels(): ChannelCommands {
    return this.#here.channels
  }

  get #here(): Arrived {
    if (this.#arrived === undefined) throw new SkeinError("unauthorized", "this connection has not been let in")
    return this.#arrived
  }

  get #seat(): Seat {
    const { seat } = this.#here
    if (seat !== undefined) return seat
    const why = this.#shared.parts.rooms ? "rooms take no anonymous clients here" : "this server has no rooms"
    throw new SkeinError(this.#shared.parts.rooms ? "unauthorized" : "not_available", why)
  }

  #ensureMaySubscribe(): void {
    if (!this.#connection.identity.backEnd) this.#guard.ensureMaySubscribe(this.#shared.parts.clock.nowMs())
  }

  #later(job: () => Promise<void>): void {
    this.#inbox.add(job)
  }

  #system(message: string): void {
    this.#socket.send(replies.system(message))
  }

  #sendError(error: SkeinError): void {
    this.#socket.send(replies.error(error, this.#language))
  }

  #stop(reason: CloseReason): void {
    this.#refused = true
    this.#inbox.clear()
    this.#socket.close(reason)
  }

  #logBug(error: SkeinError): void {
    this.#shared.parts.log.error({ error: error.cause ?? error }, "plain: a command failed")
  }
}

async function refuseBinary(): Promise<void> {
  throw new SkeinError("bad_request", "binary frames are not understood: send text frames")
}

/** `close()` of a script, with or without a code. A page change (1001) and a drop (1006) may be back in a moment. */
function isGoodbye(code: number): boolean {
  return code === 1000 || code === 1005
}

function closeReasonOf(error: SkeinError): CloseReason {
  if (error.temporary) return CLOSE.internal
  if (error.code === "limit_exceeded") return CLOSE.connectionLimit
  return error.code === "permission_denied" ? CLOSE.permissionDenied : CLOSE.invalidToken
}
