import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import type { ChannelRule } from "../core/rules.ts"
import type { Broker } from "./contract.ts"
import { eventually, failureOf, Listening, ruleOf, upTo } from "./testing/support.ts"

export interface BrokerUnderTest {
  /** Not yet started. */
  readonly broker: Broker
  /** Called after `broker.stop()`, once per test. */
  dispose(): Promise<void>
}

/**
 * What every broker promises (broker/contract.ts). Channel names are used once per test: a broker whose storage outlives
 * the test need only give an empty one per call, or a fresh prefix.
 */
export function brokerContract(name: string, makeBroker: () => Promise<BrokerUnderTest>): void {
  for (const durability of ["disk", "memory"] as const) {
    describe(`${name}, durability ${durability}`, () => {
      const rule = ruleOf({ durability })
      let made: BrokerUnderTest
      let broker: Broker
      let listening: Listening
      let isStopped: boolean

      beforeEach(async () => {
        made = await makeBroker()
        broker = made.broker
        listening = new Listening()
        isStopped = false
        await broker.start(listening)
      })
      afterEach(async () => {
        if (!isStopped) await broker.stop()
        await made.dispose()
      })

      const publishAll = (channel: string, texts: readonly string[], by: ChannelRule = rule) =>
        Promise.all(texts.map((data) => broker.publish(channel, by, { data })))
      const texts = (count: number) => upTo(count).map((n) => `{"n":${n}}`)
      const read = async (channel: string, query: Parameters<Broker["history"]>[2], by = rule) => {
        const page = await broker.history(channel, by, query)
        return { offsets: page.publications.map((publication) => publication.offset), top: page.top.offset, page }
      }

      test("offsets count from 1, in one epoch, and delivery comes before the answer", async () => {
        for (const n of upTo(5)) {
          const { position, duplicate } = await broker.publish("a", rule, { data: `{"n":${n}}` })
          expect(position?.offset).toBe(n)
          expect(duplicate).toBe(false)
          expect(listening.offsets("a")).toEqual(upTo(n))
        }
        const epochs = await Promise.all(upTo(3).map(() => broker.publish("a", rule, { data: "0" })))
        expect(new Set(epochs.map((published) => published.position?.epoch)).size).toBe(1)
        expect((await read("a", { limit: 0 })).page.top.epoch).toBe(epochs[0]?.position?.epoch as string)
      })

      test("publishes at once to many channels are in order in each, without gap or repeat", async () => {
        const channels = upTo(20).map((n) => `many:${n}`)
        const answers = await Promise.all(
          upTo(50).flatMap((n) => channels.map((channel) => broker.publish(channel, rule, { data: `[${n}]` }))),
        )
        expect(answers).toHaveLength(1_000)
        for (const channel of channels) {
          expect(listening.offsets(channel)).toEqual(upTo(50))
          expect(listening.of(channel).map((publication) => publication.data)).toEqual(upTo(50).map((n) => `[${n}]`))
        }
      })

      test("a channel never published to has an epoch that stays, and offset 0", async () => {
        const first = await broker.history("fresh", rule, { limit: 10 })
        expect(first.publications).toEqual([])
        expect(first.top.offset).toBe(0)
        expect(first.top.epoch).not.toBe("")
        const { position } = await broker.publish("fresh", rule, { data: "1" })
        expect(position).toEqual({ epoch: first.top.epoch, offset: 1 })
      })

      test("epochs of two channels differ", async () => {
        const [one, two] = await Promise.all([read("one", { limit: 0 }), read("two", { limit: 0 })])
        expect(one.page.top.epoch).not.toBe(two.page.top.epoch)
      })

      test("pages: forward, backward, from a position, limited", async () => {
        await publishAll("pages", texts(10))
        const { epoch } = (await read("pages", { limit: 0 })).page.top
        const since = (offset: number) => ({ epoch, offset })
        expect(await read("pages", { limit: 0 })).toMatchObject({ offsets: [], top: 10 })
        expect(await read("pages", { limit: 100 })).toMatchObject({ offsets: upTo(10), top: 10 })
        expect(await read("pages", { limit: -1 })).toMatchObject({ offsets: upTo(10), top: 10 })
        expect(await read("pages", { limit: 3 })).toMatchObject({ offsets: [1, 2, 3], top: 10 })
        expect(await read("pages", { limit: 3, since: since(4) })).toMatchObject({ offsets: [5, 6, 7], top: 10 })
        expect(await read("pages", { limit: 9, since: since(0) })).toMatchObject({ offsets: upTo(9) })
        expect(await read("pages", { limit: 9, since: since(10) })).toMatchObject({ offsets: [], top: 10 })
        expect(await read("pages", { limit: 9, since: since(99) })).toMatchObject({ offsets: [], top: 10 })
        expect(await read("pages", { limit: 3, reverse: true })).toMatchObject({ offsets: [10, 9, 8], top: 10 })
        expect(await read("pages", { limit: 3, reverse: true, since: since(5) })).toMatchObject({ offsets: [4, 3, 2] })
        expect(await read("pages", { limit: 3, reverse: true, since: since(1) })).toMatchObject({ offsets: [] })
        expect(await read("pages", { limit: 3, reverse: true, since: since(99) })).toMatchObject({
          offsets: [10, 9, 8],
        })
      })

      test("a position of another epoch gets the position only, one without epoch is believed", async () => {
        await publishAll("epochs", texts(3))
        expect(await read("epochs", { limit: 9, since: { epoch: "other", offset: 1 } })).toMatchObject({
          offsets: [],
          top: 3,
        })
        expect(await read("epochs", { limit: 9, since: { epoch: "", offset: 1 } })).toMatchObject({ offsets: [2, 3] })
      })

      test("a position or limit that is no sensible number does no harm", async () => {
        await publishAll("odd", texts(5))
        for (const offset of [Number.NaN, -1, 1.5, 1e300, Number.POSITIVE_INFINITY, -1e300]) {
          for (const limit of [9, 2.5, Number.NaN]) {
            for (const reverse of [false, true]) {
              const { offsets, top } = await read("odd", { limit, reverse, since: { epoch: "", offset } })
              expect(top).toBe(5)
              for (const one of offsets) expect(upTo(5)).toContain(one as number)
            }
          }
        }
        expect((await broker.publish("odd", rule, { data: "6" })).position?.offset).toBe(6)
      })

      test("no more than the rule's size is kept, and a page that cannot reach back starts later", async () => {
        const small = { ...rule, historySize: 7 }
        await publishAll("small", texts(40), small)
        const { epoch } = (await read("small", { limit: 0 }, small)).page.top
        expect(await read("small", { limit: 100 }, small)).toMatchObject({ offsets: upTo(40, 34), top: 40 })
        expect(await read("small", { limit: 100, reverse: true }, small)).toMatchObject({
          offsets: upTo(40, 34).reverse(),
        })
        const late = await read("small", { limit: 100, since: { epoch, offset: 3 } }, small)
        expect(late.offsets).toEqual(upTo(40, 34))
      })

      test("nothing older than the rule's age is returned; epoch and top stay", async () => {
        const brief = { ...rule, historyTtlMs: 400 }
        await publishAll("brief", texts(3), brief)
        const { epoch } = (await read("brief", { limit: 0 }, brief)).page.top
        const empty = await eventually("the publications to be too old", async () => {
          const page = await read("brief", { limit: 9 }, brief)
          return page.offsets.length === 0 && page
        })
        expect(empty.page.top).toEqual({ epoch, offset: 3 })
        // On a busy machine it may be too old itself by the time it is read.
        await eventually("one that is read in time", async () => {
          const { position } = await broker.publish("brief", brief, { data: "4" })
          expect(position?.epoch).toBe(epoch)
          expect(position?.offset).toBeGreaterThan(3)
          const { offsets } = await read("brief", { limit: 9 }, brief)
          for (const offset of offsets) expect(offset).toBeGreaterThan(3)
          return offsets.at(-1) === position?.offset
        })
      })

      test("what was published comes back unchanged", async () => {
        const info = { user: "42", client: "c-1", connInfo: '{"name":"张"}', chanInfo: "[1]" }
        const tags = { lang: "zh", 'a"b': "c\\d" }
        const bytes = new Uint8Array([0, 255, 128, 10, 13, 0])
        const odd = ' {"text" : "漢字 😀 \\u0000 \\" \u2028 é"}\n'
        await broker.publish("kept", rule, { data: odd, info, tags })
        await broker.publish("kept", rule, { data: bytes })
        await broker.publish("kept", rule, { data: "1", info: { user: "", client: "c" } })
        const { page } = await read("kept", { limit: 9 })
        expect(page.publications).toEqual(listening.of("kept") as typeof page.publications)
        expect(page.publications[0]).toMatchObject({ data: odd, info, tags, offset: 1 })
        expect(page.publications[1]?.data).toEqual(bytes)
        expect(page.publications[1]).not.toHaveProperty("info")
        expect(page.publications[2]?.info).toEqual({ user: "", client: "c" })
        expect(Math.abs((page.publications[0]?.timeMs ?? 0) - Date.now())).toBeLessThan(60_000)
      })

      test("the same idempotency key gets the same answer, and nothing is published twice", async () => {
        const draft = { data: "1", idempotencyKey: "k" }
        const together = await Promise.all(upTo(5).map(() => broker.publish("keys", rule, draft)))
        const later = await broker.publish("keys", rule, draft)
        expect([...together, later].map((published) => published.position)).toEqual(
          Array.from({ length: 6 }, () => together[0]?.position),
        )
        expect([...together, later].map((published) => published.duplicate)).toEqual([
          false,
          ...Array.from({ length: 5 }, () => true),
        ])
        expect(listening.offsets("keys")).toEqual([1])
        expect((await broker.publish("keys", rule, { data: "2", idempotencyKey: "l" })).position?.offset).toBe(2)
        expect(await broker.publish("keys:other", rule, draft)).toMatchObject({ duplicate: false })
      })

      test("an idempotency key outlives the publication it came with", async () => {
        const one = { ...rule, historySize: 1 }
        const first = await broker.publish("long", one, { data: "1", idempotencyKey: "k" })
        await publishAll("long", texts(60), one)
        expect(await broker.publish("long", one, { data: "1", idempotencyKey: "k" })).toEqual({
          position: first.position,
          duplicate: true,
        } as never)
      })

      test("an idempotency key beyond 128 bytes is refused", async () => {
        const error = await failureOf(broker.publish("keys", rule, { data: "1", idempotencyKey: "漢".repeat(43) }))
        expect(error.code).toBe("bad_request")
        expect(listening.of("keys")).toEqual([])
      })

      test("skipHistory: delivered without offset, not kept", async () => {
        await broker.publish("skip", rule, { data: "1" })
        expect(await broker.publish("skip", rule, { data: "2", skipHistory: true })).toEqual({ duplicate: false })
        expect((await broker.publish("skip", rule, { data: "3" })).position?.offset).toBe(2)
        expect(listening.offsets("skip").toSorted()).toEqual([1, 2, undefined])
        expect(await read("skip", { limit: 9 })).toMatchObject({ offsets: [1, 2], top: 2 })
      })

      test("exclude reaches the delivery and nothing else", async () => {
        await broker.publish("exclude", rule, { data: "1", exclude: "c-1" })
        expect(listening.of("exclude")[0]).toMatchObject({ exclude: "c-1", offset: 1 })
        const { page } = await read("exclude", { limit: 9 })
        expect(page.publications[0]).not.toHaveProperty("exclude")
      })

      test("removeHistory empties, epoch and top stay", async () => {
        await publishAll("gone", texts(5))
        const { epoch } = (await read("gone", { limit: 0 })).page.top
        await broker.removeHistory("gone", rule)
        expect((await read("gone", { limit: 9 })).page).toEqual({ publications: [], top: { epoch, offset: 5 } })
        expect((await broker.publish("gone", rule, { data: "6" })).position).toEqual({ epoch, offset: 6 })
        expect((await read("gone", { limit: 9 })).offsets).toEqual([6])
        await broker.removeHistory("never", rule)
        expect(await read("never", { limit: 9 })).toMatchObject({ offsets: [], top: 0 })
      })

      test("history never runs ahead of delivery", async () => {
        let ahead = 0
        let pages = 0
        const publishing = Promise.all(upTo(2_000).map((n) => broker.publish("ahead", rule, { data: String(n) })))
        let isOver = false
        const over = publishing.then(() => {
          isOver = true
        })
        while (!isOver) {
          const page = await broker.history("ahead", rule, { limit: 100 })
          const delivered = listening.of("ahead").length
          if (page.top.offset > delivered) ahead++
          if (page.publications.some((publication) => (publication.offset ?? 0) > page.top.offset)) ahead++
          pages++
          // A page from memory takes no turn of the event loop, and the publishes need some.
          await new Promise((resolve) => setImmediate(resolve))
        }
        await over
        expect(pages).toBeGreaterThan(0)
        expect(ahead).toBe(0)
        expect(await read("ahead", { limit: 3, reverse: true })).toMatchObject({ offsets: [2000, 1999, 1998] })
      })

      test("a channel without history: delivered, no offset, position 0", async () => {
        const none = { ...rule, historySize: 0 }
        broker.publishTransient("none", { data: "1", info: { user: "u", client: "c" }, exclude: "c" })
        const [publication] = await eventually(
          "delivery",
          () => listening.of("none").length > 0 && listening.of("none"),
        )
        expect(publication).toMatchObject({ data: "1", info: { user: "u", client: "c" }, exclude: "c" })
        expect(publication?.offset).toBeUndefined()
        expect(await broker.publish("none", none, { data: "2", idempotencyKey: "k" })).toEqual({ duplicate: false })
        expect(await broker.publish("none", none, { data: "2", idempotencyKey: "k" })).toEqual({ duplicate: true })
        expect(listening.of("none")).toHaveLength(2)
        expect(await read("none", { limit: 9 }, none)).toMatchObject({ offsets: [], top: 0 })
      })

      test("a probe succeeds while all is well", async () => {
        await broker.probe()
      })

      test("stop finishes what was accepted and refuses what comes after", async () => {
        const accepted = Promise.all(upTo(500).map((n) => broker.publish("last", rule, { data: String(n) })))
        const stopping = broker.stop()
        isStopped = true
        expect((await failureOf(broker.publish("last", rule, { data: "late" }))).code).toBe("shutting_down")
        expect((await failureOf(broker.probe())).code).toBe("shutting_down")
        expect((await accepted).map((published) => published.position?.offset)).toEqual(upTo(500))
        await stopping
        expect(listening.offsets("last")).toEqual(upTo(500))
      })
    })
  }
}
