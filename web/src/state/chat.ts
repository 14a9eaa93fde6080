import { signal } from "@preact/signals"
import type { User } from "../contract.ts"
import { CODES, LIMITS } from "../contract.ts"
import { t, wordsFor } from "../i18n/index.ts"
import { Outbox } from "../outbox/outbox.ts"
import type { Letter } from "../outbox/queue.ts"
import { Connection } from "../session/connection.ts"
import { ChatError } from "../session/errors.ts"
import { isBehind } from "../sync/thread.ts"
import { CatchingUp } from "./catching-up.ts"
import { Drafts } from "./drafts.ts"
import { Following } from "./following.ts"
import { forgetFailures, HistoryLoader } from "./history.ts"
import { Inbox } from "./inbox.ts"
import { alarm, announce, say } from "./notices.ts"
import { learn, learnAll, me, person } from "./people.ts"
import { go, openRoom } from "./place.ts"
import {
  countCrowd,
  crowdIn,
  forgetCrowd,
  forgetPresence,
  forgetSeen,
  joined,
  left,
  online,
  takeSnapshot,
} from "./presence.ts"
import { Reading } from "./reading.ts"
import { adopt, drop, greeted, joinable, keepOnly, mayCreateRooms, type Room, rooms } from "./rooms.ts"
import { openPersonalStore, type PersonalStore } from "./storage.ts"

const GREET_AGAIN_MS = 2_000
const GREET_AGAIN_MAX_MS = 60_000

/** One signed-in person's chat: makes the parts that work by themselves, and connects them. */
export class Chat {
  readonly store: PersonalStore
  readonly connection: Connection
  readonly outbox: Outbox
  readonly drafts: Drafts
  readonly history: HistoryLoader
  readonly reading: Reading
  private readonly inbox: Inbox
  private readonly following: Following
  private readonly catchingUp: CatchingUp
  /** Channels that were taken from us and are not asked about yet. */
  private readonly cutOff = new Set<string>()
  private helloFailed = false
  private greetTimer: ReturnType<typeof setTimeout> | undefined
  private greetDelayMs = GREET_AGAIN_MS

  constructor(
    readonly user: User,
    token: string | undefined,
    private readonly ended: () => void,
  ) {
    this.store = openPersonalStore(user.id)
    this.drafts = new Drafts(this.store)
    this.inbox = new Inbox({
      arrived: (room, message, { isLive }) => {
        this.outbox.arrived(message.client_id)
        if (isLive && message.kind === "text" && message.sender_id !== user.id) this.tell(room, message)
      },
      behind: (room) => this.catchingUp.want(room.id),
      added: (room) => this.following.follow(room),
      removed: (room) => this.lost(room),
    })
    this.connection = this.makeConnection(token)
    this.catchingUp = new CatchingUp(this.connection, (room, entry) => {
      this.inbox.caughtUp(room, entry)
      this.clearArrived(room)
    })
    this.history = new HistoryLoader(this.connection, (room) => this.catchingUp.want(room.id))
    this.reading = new Reading(this.connection)
    this.following = new Following({
      connection: this.connection,
      ask: (id) => this.catchingUp.want(id),
      openRoom: () => openRoom.peek(),
    })
    this.outbox = this.makeOutbox()
  }

  async start(): Promise<void> {
    learn(this.user)
    me.value = this.user
    // The chat works without stored letters and drafts too.
    await Promise.all([this.outbox.load(), this.drafts.load()]).catch((error: unknown) => console.warn(error))
    this.connection.connect()
  }

  /** Ends this page's part of the session; the caller decides what to show next. */
  async stop({ erase }: { readonly erase: boolean }): Promise<void> {
    this.connection.disconnect()
    if (!erase) return this.drafts.flush()
    this.drafts.stop()
    await this.store.erase()
  }

  /** A conversation I have just entered, by my own doing. */
  entered(membership: Parameters<typeof adopt>[0]): Room {
    const room = adopt(membership)
    this.following.follow(room)
    return room
  }

  /** The reader goes to a room, or is in it when the connection comes back. */
  opened(room: Room): void {
    this.following.opened(room)
    void this.lookWhoIsThere(room)
  }

  /**
   * Everyone present in a room, or how many where they are many; asked for when somebody looks.
   * @param anew - the channel was entered just now; who entered it among many goes on being told numbers
   */
  private async lookWhoIsThere(room: Room, anew = false): Promise<void> {
    try {
      if (room.facts.peek().kind === "room") {
        const present = await this.connection.countPresent(room.channel)
        const isCrowd = crowdIn(room.channel) !== undefined
        if ((isCrowd && !anew) || present > LIMITS.presenceMaxUsers) {
          countCrowd(room.channel, present)
          if (anew && !isCrowd) forgetSeen(room.channel)
          return
        }
        forgetCrowd(room.channel)
      }
      await takeSnapshot(room.channel, () => this.connection.presence(room.channel))
    } catch (error) {
      console.debug("Presence not known:", error)
    }
  }

  private makeConnection(token: string | undefined): Connection {
    return new Connection(this.user.id, token, {
      connected: () => {
        this.greetDelayMs = GREET_AGAIN_MS
        void this.greet()
      },
      push: (push) => this.inbox.take(push),
      subscribed: (channel) => this.subscribed(channel),
      cut: (channel) => this.cut(channel),
      full: (channel) => {
        const room = roomOf(channel)
        if (room) this.following.refused(room)
      },
      present: joined,
      absent: left,
      closed: () => this.ended(),
    })
  }

  private makeOutbox(): Outbox {
    return new Outbox({
      store: this.store,
      send: (letter) => this.send(letter),
      isOnline: () => this.connection.isUp() && greeted.peek(),
      onRefused: (letter) => alarm(t().sendFailed(wordsFor(letter.failure?.code) ?? letter.failure?.message ?? "")),
      onSignedOut: () => this.ended(),
    })
  }

  private async send(letter: Letter): Promise<number> {
    const { client_id, conversation_id, text, reply_to_seq } = letter
    const input = { client_id, conversation_id, text, ...(reply_to_seq ? { reply_to_seq } : {}) }
    const { message } = await this.connection.call("chat.send", input)
    const room = rooms.peek().get(conversation_id)
    // The push brings the message itself; if it is late or lost, being behind asks for it.
    if (room && message.seq > room.thread.peek().seqHead) this.catchingUp.want(room.id, 500)
    if (room) setTimeout(() => this.clearArrived(room), 0)
    return message.seq
  }

  /** Letters whose message the log already holds have arrived, however it came. */
  private clearArrived(room: Room): void {
    const head = room.thread.peek().seqHead
    for (const letter of this.outbox.letters.peek()) {
      const counted = letter.state === "sent" && letter.seq !== undefined && letter.seq <= head
      if (counted && letter.conversation_id === room.id) this.outbox.arrived(letter.client_id)
    }
  }

  private async greet(): Promise<void> {
    this.inbox.hold()
    try {
      const hello = await this.connection.call("chat.hello", {})
      learn(hello.user)
      learnAll(hello.users)
      me.value = hello.user
      joinable.value = hello.rooms
      mayCreateRooms.value = hello.may_create_rooms
      // A hello that names all my conversations: I am no longer in those it leaves out.
      if (!hello.has_more) {
        for (const room of keepOnly(new Set(hello.conversations.map((one) => one.id)))) this.lost(room)
      }
      this.following.followAll(hello.conversations.map(adopt))
      joinable.value = hello.rooms.filter((room) => !rooms.peek().has(room.id))
      greeted.value = true
      this.helloFailed = false
    } catch (error) {
      console.warn("Hello failed:", error)
      if (error instanceof ChatError && error.code === CODES.unauthorized) this.ended()
      else {
        this.helloFailed = true
        this.greetLater()
      }
      return
    } finally {
      this.inbox.release()
    }
    forgetFailures()
    for (const room of rooms.peek().values()) if (isBehind(room.thread.peek())) this.catchingUp.want(room.id)
    this.outbox.pumpAll()
    this.reading.resume()
  }

  private subscribed(channel: string): void {
    const room = roomOf(channel)
    if (!room) return
    this.catchingUp.want(room.id)
    const wanted = room.facts.peek().kind === "direct" || openRoom.peek() === room
    // Who has gone while we were away was not told.
    if (wanted) forgetSeen(channel)
    else forgetPresence(channel)
    if (wanted) void this.lookWhoIsThere(room, true)
  }

  /** The channel was taken from us. A removal is pushed as such; if none came, ask what is still mine. */
  private cut(channel: string): void {
    forgetPresence(channel)
    this.cutOff.add(channel)
    this.greetLater()
  }

  /** Asks again after a while, once for everything there is to ask, and less often each time it did not help. */
  private greetLater(): void {
    if (this.greetTimer) return
    this.greetTimer = setTimeout(() => {
      this.greetTimer = undefined
      const cutOff = [...this.cutOff].some((channel) => roomOf(channel) !== undefined)
      this.cutOff.clear()
      if ((cutOff || this.helloFailed) && this.connection.isUp()) void this.greet()
    }, this.greetDelayMs)
    this.greetDelayMs = Math.min(this.greetDelayMs * 2, GREET_AGAIN_MAX_MS)
  }

  private lost(room: Room): void {
    const wasOpen = openRoom.peek() === room || location.hash.includes(room.id)
    drop(room.id)
    this.following.left(room)
    forgetPresence(room.channel)
    if (wasOpen) {
      go("#/", "replace")
      say(t().removed(room.facts.peek().name))
    }
  }

  /** For screen readers: messages of the open room and direct messages. Other rooms have their counters. */
  private tell(room: Room, message: { sender_id: string; body: string }): void {
    if (openRoom.peek() !== room && room.facts.peek().kind !== "direct") return
    const who = person(message.sender_id)?.name ?? ""
    announce({ who, text: message.body.slice(0, 200) }, (all) => {
      const [first] = all
      if (all.length === 1 && first) return t().heardOne(first.who, first.text)
      return t().heardMany(all.length, [...new Set(all.map((one) => one.who))].join(t().listAnd))
    })
  }
}

const roomOf = (channel: string): Room | undefined =>
  [...rooms.peek().values()].find((room) => room.channel === channel)

/** The chat of whoever is signed in; undefined while nobody is. */
export const chat = signal<Chat | undefined>(undefined)

/** Whether a person is connected somewhere we can see. */
export const isOnline = (userId: string): boolean => online.value.has(userId)
