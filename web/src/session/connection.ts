import { signal } from "@preact/signals"
import { Centrifuge, type PublicationContext, type Subscription, UnauthorizedError } from "centrifuge"
import { CODES, type Input, type Method, type Output, type Push } from "../contract.ts"
import { address, socketAddress } from "./addresses.ts"
import { toChatError } from "./errors.ts"
import { reconnectDelayMs } from "./pace.ts"
import { readSession } from "./session.ts"

export type Link = "connecting" | "up" | "closed"

/** How the connection is, for the banner. */
export const link = signal<Link>("connecting")
/** When the connection was lost (or first tried); undefined while it is up. */
export const downSinceMs = signal<number | undefined>(Date.now())
/** When the next attempt starts. */
export const nextAttemptMs = signal<number | undefined>(undefined)

/** What happens on the connection. */
export interface ConnectionEvents {
  connected(): void
  push(push: Push): void
  subscribed(channel: string): void
  /** The server took the channel away. */
  cut(channel: string): void
  /** This connection holds as many channels as it may. */
  full(channel: string): void
  present(channel: string, client: string, userId: string): void
  absent(channel: string, client: string): void
  /** Final: the server will not have us back with this session. */
  closed(code: number, reason: string): void
}

/** Longer than any wait of ours, so that the library never retries by itself: `beckon` does, and the banner can count down. */
const LIBRARY_DELAY_MS = 3_600_000

/** The one connection of the page: RPC calls, subscriptions, presence, and when to try again after a loss. */
export class Connection {
  private readonly network = new EventTarget()
  private readonly centrifuge: Centrifuge
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly userId: string,
    firstToken: string | undefined,
    private readonly events: ConnectionEvents,
  ) {
    this.centrifuge = new Centrifuge(
      [
        { transport: "websocket", endpoint: socketAddress("connection/websocket") },
        { transport: "http_stream", endpoint: address("connection/http_stream") },
        { transport: "sse", endpoint: address("connection/sse") },
      ],
      {
        emulationEndpoint: address("emulation"),
        networkEventTarget: this.network,
        minReconnectDelay: LIBRARY_DELAY_MS,
        maxReconnectDelay: LIBRARY_DELAY_MS,
        getToken: () => this.freshToken(),
        ...(firstToken ? { token: firstToken } : {}),
      },
    )
    this.listen()
  }

  connect(): void {
    this.centrifuge.connect()
    this.planAttempt()
  }

  disconnect(): void {
    clearTimeout(this.timer)
    this.centrifuge.disconnect()
  }

  isUp(): boolean {
    return link.value === "up"
  }

  /** Tries to connect now instead of when the countdown ends. */
  retryNow(): void {
    this.attempt = 0
    this.beckon()
  }

  async call<M extends Method>(method: M, input: Input<M>): Promise<Output<M>> {
    try {
      const reply = await this.centrifuge.rpc(method, input)
      return reply.data as Output<M>
    } catch (error) {
      throw toChatError(error)
    }
  }

  subscribe(channel: string): void {
    const held = this.centrifuge.getSubscription(channel)
    if (held) {
      held.subscribe()
      return
    }
    const subscription = this.centrifuge.newSubscription(channel, { joinLeave: true })
    this.attach(subscription, channel)
    subscription.subscribe()
  }

  unsubscribe(channel: string): void {
    const subscription = this.centrifuge.getSubscription(channel)
    if (!subscription) return
    subscription.removeAllListeners()
    subscription.unsubscribe()
    this.centrifuge.removeSubscription(subscription)
  }

  /** Who is in the channel: client id → user id. Empty when the server does not tell. */
  async presence(channel: string): Promise<Map<string, string>> {
    const subscription = this.centrifuge.getSubscription(channel)
    if (!subscription) return new Map()
    const { clients } = await subscription.presence()
    return new Map(Object.values(clients).map((info) => [info.client, info.user]))
  }

  /** How many people are in the channel. */
  async countPresent(channel: string): Promise<number> {
    const stats = await this.centrifuge.getSubscription(channel)?.presenceStats()
    return stats?.numUsers ?? 0
  }

  private attach(subscription: Subscription, channel: string): void {
    subscription.on("publication", (context: PublicationContext) => this.events.push(context.data as Push))
    subscription.on("subscribed", () => this.events.subscribed(channel))
    subscription.on("unsubscribed", ({ code }) =>
      code === CODES.limitExceeded ? this.events.full(channel) : this.events.cut(channel),
    )
    subscription.on("join", ({ info }) => this.events.present(channel, info.client, info.user))
    subscription.on("leave", ({ info }) => this.events.absent(channel, info.client))
  }

  private listen(): void {
    this.centrifuge.on("publication", (context) => this.events.push(context.data as Push))
    this.centrifuge.on("connected", () => this.wentUp())
    this.centrifuge.on("connecting", () => this.wentDown())
    this.centrifuge.on("error", ({ error }) => console.debug("Connection attempt failed:", error.message))
    this.centrifuge.on("disconnected", ({ code, reason }) => this.wentAway(code, reason))
    addEventListener("offline", () => this.network.dispatchEvent(new Event("offline")))
    addEventListener("online", () => this.retryNow())
    document.addEventListener("visibilitychange", () => {
      // Somebody looks again, perhaps after hours of sleep: do not let them wait for a countdown.
      if (document.visibilityState === "visible" && link.value === "connecting") this.retryNow()
    })
  }

  private wentUp(): void {
    clearTimeout(this.timer)
    this.attempt = 0
    link.value = "up"
    downSinceMs.value = undefined
    nextAttemptMs.value = undefined
    this.events.connected()
  }

  private wentDown(): void {
    link.value = "connecting"
    downSinceMs.value ??= Date.now()
    this.planAttempt()
  }

  private wentAway(code: number, reason: string): void {
    clearTimeout(this.timer)
    link.value = "closed"
    nextAttemptMs.value = undefined
    this.events.closed(code, reason)
  }

  private planAttempt(): void {
    clearTimeout(this.timer)
    const delayMs = reconnectDelayMs(this.attempt++)
    nextAttemptMs.value = Date.now() + delayMs
    this.timer = setTimeout(() => this.beckon(), delayMs)
  }

  /** The library starts an attempt at once when its network says "online"; harmless while one is under way. */
  private beckon(): void {
    if (link.value === "up") return
    this.network.dispatchEvent(new Event("online"))
    this.planAttempt()
  }

  private async freshToken(): Promise<string> {
    const answer = await readSession()
    // Signed out, or somebody else signed in with this browser: this page must not go on as if nothing happened.
    if (!answer.user || answer.user.id !== this.userId || !answer.token) throw new UnauthorizedError("signed out")
    return answer.token
  }
}
