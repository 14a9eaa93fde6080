import { Centrifuge, type Subscription } from "centrifuge"
import type { Input, Membership, Method, Output, Push, SessionAnswer, User } from "../../src/chat/contract.ts"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"

/** Somebody in front of a browser: a cookie, and the unmodified `centrifuge` client on each device. */
export class Person {
  cookie = ""
  user: User | null = null
  readonly devices: Device[] = []
  readonly #server: TestServer

  constructor(server: TestServer) {
    this.#server = server
  }

  /** A guest of that name. */
  static async guest(server: TestServer, name: string): Promise<Person> {
    const person = new Person(server)
    await person.signIn({ name })
    return person
  }

  async session(method: string, body?: object): Promise<SessionAnswer> {
    const response = await fetch(`${this.#server.url}/chat/session`, {
      method,
      headers: { cookie: this.cookie, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok) throw new Error(`${method} /chat/session: ${response.status} ${await response.text()}`)
    const set = response.headers.get("set-cookie")
    if (set !== null) this.cookie = set.split(";")[0] ?? ""
    return (await response.json()) as SessionAnswer
  }

  async signIn(who: { name: string } | { token: string }): Promise<void> {
    this.user = (await this.session("POST", who)).user
  }

  async signOut(): Promise<void> {
    await this.session("DELETE")
    this.user = null
  }

  async device(): Promise<Device> {
    const device = new Device(this.#server, this)
    this.devices.push(device)
    await device.centrifuge.ready(10_000)
    return device
  }

  close(): void {
    for (const { centrifuge } of this.devices) centrifuge.disconnect()
  }
}

export class Device {
  readonly centrifuge: Centrifuge
  /** Pushes of all conversations followed, in order of arrival. */
  readonly pushes: Push[] = []
  /** Pushes of the person's own channel, to which the server subscribes by itself. */
  readonly personal: Push[] = []
  readonly closes: number[] = []

  constructor(server: TestServer, person: Person) {
    this.centrifuge = new Centrifuge(`${server.wsUrl}/connection/websocket`, {
      getToken: async () => (await person.session("GET")).token ?? "",
      minReconnectDelay: 10,
      maxReconnectDelay: 60,
      timeout: 3_000,
    })
    this.centrifuge.on("publication", ({ data }) => this.personal.push(data as Push))
    this.centrifuge.on("connecting", ({ code }) => this.closes.push(code))
    this.centrifuge.on("disconnected", ({ code }) => this.closes.push(code))
    this.centrifuge.connect()
  }

  async call<M extends Method>(method: M, input: Input<M>): Promise<Output<M>> {
    return (await this.centrifuge.rpc(method, input)).data as Output<M>
  }

  /** Sends until it is answered, with the same client id, as the web client's outbox does. */
  async sendUntilAnswered(conversationId: string, clientId: string, text: string): Promise<Output<"chat.send">> {
    return until(
      async () => {
        try {
          return await this.call("chat.send", { conversation_id: conversationId, client_id: clientId, text })
        } catch (error) {
          const { code } = error as { code: number }
          if (code !== undefined && !RETRIED.has(code)) throw new Error(`send refused: ${JSON.stringify(error)}`)
          return undefined
        }
      },
      `an answer to ${clientId}`,
      30_000,
    )
  }

  async follow(channel: string): Promise<Subscription> {
    const subscription = this.centrifuge.newSubscription(channel, { joinLeave: true })
    subscription.on("publication", ({ data }) => this.pushes.push(data as Push))
    subscription.subscribe()
    await subscription.ready(10_000)
    return subscription
  }

  async lobby(): Promise<Membership> {
    const { conversations } = await this.call("chat.hello", {})
    const lobby = conversations.find(({ slug }) => slug === "lobby")
    if (!lobby) throw new Error("not in the lobby")
    return lobby
  }

  said(): string[] {
    return this.pushes.flatMap((push) => (push.type === "message" ? [push.message.body] : []))
  }
}

/** Connection lost, timeout, temporary refusals of the server. */
const RETRIED = new Set([1, 2, 3, 4, 11, 100, 111, 1010, 1011, 1012])
