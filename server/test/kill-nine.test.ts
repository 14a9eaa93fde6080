import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Centrifuge, type PublicationContext, State } from "centrifuge"
import { TestServer } from "./support/server.ts"
import { until } from "./support/until.ts"

const CHANNEL = "log:kill"
const ROUNDS = 50
/** A machine too slow for all rounds (each is a start of the server) ends with those it has done by then. */
const ROUNDS_WITHIN_MS = 240_000
const IN_FLIGHT = 8

const CONFIG = `
[[channels]]
pattern = "log:*"
history_size = 1000000
history_ttl = "24h"
durability = "disk"
subscribe = "anyone"
publish = "anyone"
read = "anyone"
`

interface Item {
  readonly p: string
  readonly n: number
}

const folder = mkdtempSync(join(tmpdir(), "skein-kill-"))
writeFileSync(join(folder, "skein.toml"), CONFIG)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A client as applications use it, only quicker to come back. */
function client(server: TestServer): Centrifuge {
  const centrifuge = new Centrifuge(`${server.wsUrl}/connection/websocket`, {
    minReconnectDelay: 10,
    maxReconnectDelay: 60,
    timeout: 2_000,
  })
  centrifuge.connect()
  return centrifuge
}

/** Publishes over WebSocket, several in flight, never again what it does not know the fate of. */
class SocketPublisher {
  readonly acknowledged: number[] = []
  readonly #client: Centrifuge
  #n = 0
  #stopped = false

  constructor(
    server: TestServer,
    readonly name: string,
  ) {
    this.#client = client(server)
    for (let i = 0; i < IN_FLIGHT; i++) void this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#client.disconnect()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#client.state !== State.Connected) {
        await this.#client.ready(5_000).catch(() => undefined)
        continue
      }
      const n = this.#n++
      const acknowledged = await this.#client.publish(CHANNEL, { p: this.name, n }).then(
        () => true,
        () => false,
      )
      if (acknowledged) this.acknowledged.push(n)
    }
  }
}

/** Publishes over HTTP with an idempotency key, again and again until it is acknowledged. */
class StubbornPublisher {
  readonly acknowledged: number[] = []
  #stopped = false
  readonly done: Promise<void>

  constructor(
    readonly server: TestServer,
    readonly name: string,
  ) {
    this.done = this.#run()
  }

  stop(): Promise<void> {
    this.#stopped = true
    return this.done
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      while (!(await this.#publish(n))) await new Promise((resolve) => setTimeout(resolve, 5))
      this.acknowledged.push(n)
    }
  }

  async #publish(n: number): Promise<boolean> {
    try {
      const data = { p: this.name, n }
      const { result } = await this.server.api("publish", {
        channel: CHANNEL,
        data,
        idempotency_key: `${this.name}-${n}`,
      })
      return result !== undefined
    } catch (error) {
      // The server is dead just now: that is what this test is about.
      return error === undefined
    }
  }
}

/** Hears the channel and holds every offset against the one before. */
class Listener {
  offsets: number[] = []
  refusals = 0
  recoveries = 0
  readonly #client: Centrifuge

  constructor(server: TestServer) {
    this.#client = client(server)
    const subscription = this.#client.newSubscription(CHANNEL)
    subscription.on("publication", ({ offset }: PublicationContext) => this.offsets.push(offset as number))
    subscription.on("subscribed", ({ wasRecovering, recovered }) => {
      if (!wasRecovering) return
      if (recovered) this.recoveries++
      else this.refusals++
    })
    subscription.subscribe()
  }

  get last(): number {
    return this.offsets.at(-1) ?? 0
  }

  stop(): void {
    this.#client.disconnect()
  }
}

async function wholeHistory(server: TestServer): Promise<{ offset: number; data: Item }[]> {
  const all: { offset: number; data: Item }[] = []
  let epoch: string | undefined
  for (;;) {
    const since = epoch === undefined ? {} : { since: { offset: all.at(-1)?.offset ?? 0, epoch } }
    const { result } = await server.api("history", { channel: CHANNEL, limit: 1_000, ...since })
    const page = result as { publications: { offset: number; data: Item }[]; epoch: string }
    if (page.publications.length === 0) return all
    all.push(...page.publications)
    epoch = page.epoch
  }
}

test(`kill -9 under load, up to ${ROUNDS} rounds: nothing acknowledged is lost, nothing comes twice, order is kept`, async () => {
  const seed = Number(process.env.SKEIN_TEST_SEED ?? Date.now() % 1_000_000)
  console.log(`seed ${seed} (SKEIN_TEST_SEED repeats it)`)
  const random = generator(seed)
  const server = await TestServer.start({
    args: ["--config", join(folder, "skein.toml")],
    env: {
      SKEIN_LOG_LEVEL: "error",
      SKEIN_LIMITS_MESSAGES_PER_SECOND: "100000",
      SKEIN_LIMITS_MESSAGE_BURST: "100000",
      // A listener that comes back late on a busy machine has much to catch up with; a refusal would be right, but is not the subject.
      SKEIN_LIMITS_MAX_HISTORY_PAGE: "10000",
    },
  })
  const sockets = ["ann", "bob", "eve"].map((name) => new SocketPublisher(server, name))
  const stubborn = ["php1", "php2"].map((name) => new StubbornPublisher(server, name))
  const listeners = [new Listener(server), new Listener(server), new Listener(server)]

  let kills = 0
  const endMs = performance.now() + ROUNDS_WITHIN_MS
  while (kills < ROUNDS && performance.now() < endMs) {
    const before = listeners.map(({ last }) => last)
    await until(
      () => listeners.every(({ last }, i) => last > (before[i] ?? 0)),
      `round ${kills}: everyone hears news`,
      30_000,
    )
    await new Promise((resolve) => setTimeout(resolve, random() * 120))
    await server.kill()
    await server.begin()
    kills++
  }

  for (const publisher of sockets) publisher.stop()
  await Promise.all(stubborn.map((publisher) => publisher.stop()))
  const history = await wholeHistory(server)
  const top = history.at(-1)?.offset ?? 0
  // What was under way when its publisher hung up may have come since.
  await until(() => listeners.every(({ last }) => last >= top), "every listener reaches the end", 30_000)
  for (const listener of listeners) listener.stop()

  expect(history.map(({ offset }) => offset)).toEqual(Array.from({ length: top }, (_, i) => i + 1))
  for (const { name, acknowledged } of sockets) expectKept(history, name, acknowledged)
  for (const { name, acknowledged } of stubborn) {
    expectKept(history, name, acknowledged)
    // A key makes every repeat the same publication: not one too many either.
    expect(history.filter(({ data }) => data.p === name)).toHaveLength(acknowledged.length)
  }
  for (const { offsets, refusals, recoveries } of listeners) {
    expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, i) => (offsets[0] ?? 0) + i))
    expect(refusals).toBe(0)
    expect(recoveries).toBeGreaterThan(0)
  }
  const acknowledged = [...sockets, ...stubborn].reduce((sum, publisher) => sum + publisher.acknowledged.length, 0)
  console.log(`${kills} kills, ${top} publications kept, ${acknowledged} acknowledged`)
  await server.stop()
}, 400_000)

/** Everything acknowledged is there once, and what this publisher said stands in the order it said it. */
function expectKept(history: readonly { data: Item }[], name: string, acknowledged: readonly number[]): void {
  const kept = history.filter(({ data }) => data.p === name).map(({ data }) => data.n)
  expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b))
  const missing = acknowledged.filter((n) => !kept.includes(n))
  expect(missing).toEqual([])
}

/** Mulberry32: small, seeded, good enough to choose moments. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
