import { Centrifuge } from "centrifuge"
import { WebSocket } from "ws"

export const CHANNEL = "log:deploy"

/** A rule under which everything published to CHANNEL can be recovered. */
export const CHANNEL_RULES = JSON.stringify([
  {
    pattern: "log:*",
    history_size: 100_000,
    history_ttl: "1h",
    subscribe: "anyone",
    publish: "anyone",
    read: "anyone",
  },
])

/** A real client that keeps every number it received. */
export class Listener {
  readonly heard: number[] = []
  /** How often a subscription came back without everything missed. */
  gaps = 0
  readonly client: Centrifuge

  /** @param host - what the Host header says, when it is not the address itself */
  constructor(url: string, host?: string) {
    // Of ws, because only that takes a name to say and a certificate to ignore.
    class Socket extends WebSocket {
      constructor(address: string, protocols?: string | string[]) {
        super(address, protocols, { rejectUnauthorized: false, ...(host ? { headers: { Host: host } } : {}) })
      }
    }
    this.client = new Centrifuge(url, {
      websocket: Socket,
      minReconnectDelay: 20,
      maxReconnectDelay: 100,
      timeout: 2_000,
    })
    const subscription = this.client.newSubscription(CHANNEL)
    subscription.on("publication", ({ data }) => this.heard.push((data as { n: number }).n))
    subscription.on("subscribed", ({ wasRecovering, recovered }) => {
      if (wasRecovering && !recovered) this.gaps++
    })
    subscription.subscribe()
    this.client.connect()
  }

  async ready(): Promise<void> {
    await this.client.getSubscription(CHANNEL)?.ready(20_000)
  }

  stop(): void {
    this.client.disconnect()
  }
}

/** Publishes numbers one after the other over HTTP, each again with the same key until it is acknowledged. */
export class Publisher {
  /** How many numbers, counted from 0. */
  acknowledged: number
  #stopped = false
  readonly #done: Promise<void>

  constructor(
    /** Where to publish now; may change while the server moves. */
    readonly address: () => { url: string; host?: string },
    readonly apiKey: string,
    /** The first number. */
    from = 0,
  ) {
    this.acknowledged = from
    this.#done = this.#run()
  }

  /** Ends after the publication under way; resolves with how many were acknowledged. */
  async stop(): Promise<number> {
    this.#stopped = true
    await this.#done
    return this.acknowledged
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const n = this.acknowledged
      if (await this.#publish(n)) this.acknowledged++
      else await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async #publish(n: number): Promise<boolean> {
    const { url, host } = this.address()
    const response = await fetch(`${url}/api/publish`, {
      method: "POST",
      headers: { "X-API-Key": this.apiKey, "Content-Type": "application/json", ...(host ? { Host: host } : {}) },
      body: JSON.stringify({ channel: CHANNEL, data: { n }, idempotency_key: `n${n}` }),
      signal: AbortSignal.timeout(2_000),
      tls: { rejectUnauthorized: false },
    }).catch(() => undefined) // Nobody there for a moment: that is what the test is about.
    if (!response?.ok) return false
    const { result } = (await response.json()) as { result?: object }
    return result !== undefined
  }
}
