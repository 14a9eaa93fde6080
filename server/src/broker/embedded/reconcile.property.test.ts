import { expect, test } from "bun:test"
import fc from "fast-check"
import { systemClock } from "../../core/clock.ts"
import type { Published } from "../contract.ts"
import { Logged, TestFolder } from "../testing/embedded-in.ts"
import { type Fate, InlineLink } from "../testing/inline-link.ts"
import { Listening, ruleOf, upTo } from "../testing/support.ts"
import { createEmbeddedBroker } from "./embedded.ts"

const CHANNELS = ["a", "b", "c"]
const rule = ruleOf({ historySize: 10_000 })

interface Step {
  readonly channel: string
  readonly key: number | undefined
  /** Lets the event loop turn, so that what came before is in a frame of its own. */
  readonly pause: boolean
  readonly remove: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  key: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
  pause: fc.boolean(),
  remove: fc.integer({ min: 0, max: 40 }).map((n) => n === 0),
})
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fate>("answered") },
  { weight: 1, arbitrary: fc.constant<Fate>("dies before the commit") },
  { weight: 1, arbitrary: fc.constant<Fate>("dies after the commit") },
)

interface Outcome {
  readonly step: Step
  readonly data: string
  readonly published: Published
}

async function play(steps: readonly Step[], fates: readonly Fate[]) {
  const folder = new TestFolder()
  const link = new InlineLink(folder.path, "commit", () => fates[next++] ?? "answered")
  let next = 0
  const log = new Logged()
  const broker = createEmbeddedBroker({ dataDir: folder.path, durability: "commit", clock: systemClock, log, link })
  const listening = new Listening()
  await broker.start(listening)
  const outcomes: Promise<Outcome>[] = []
  const removals: Promise<void>[] = []
  for (const [n, step] of steps.entries()) {
    const data = JSON.stringify(n)
    const key = step.key === undefined ? {} : { idempotencyKey: `k${step.key}` }
    if (step.remove) removals.push(broker.removeHistory(step.channel, rule))
    outcomes.push(broker.publish(step.channel, rule, { data, ...key }).then((published) => ({ step, data, published })))
    if (step.pause) await new Promise((resolve) => setImmediate(resolve))
  }
  const done = await Promise.all(outcomes)
  await Promise.all(removals)
  const pages = new Map<string, unknown[]>()
  for (const channel of CHANNELS) {
    const { publications, top } = await broker.history(channel, rule, { limit: -1 })
    pages.set(channel, [...publications])
    expect(top.offset).toBe(listening.of(channel).length)
  }
  expect(listening.invalidated).toEqual([])
  expect(log.lines).toEqual([])
  await broker.stop()
  await expectSameInFile(folder.path, pages)
  folder.remove()
  return { done, listening, pages }
}

async function expectSameInFile(dataDir: string, pages: Map<string, unknown[]>): Promise<void> {
  const link = new InlineLink(dataDir)
  const log = new Logged()
  const limits = { ringCount: 1 }
  const broker = createEmbeddedBroker({ dataDir, durability: "commit", clock: systemClock, log, link, limits })
  await broker.start(new Listening())
  for (const [channel, page] of pages) {
    expect([...(await broker.history(channel, rule, { limit: -1 })).publications]).toEqual(page as never)
  }
  await broker.stop()
}

test("whenever the log process dies: each publication once, in order, and the same key the same answer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 60 }),
      fc.array(fate, { maxLength: 30 }),
      async (steps, fates) => {
        const { done, listening, pages } = await play(steps, fates)
        for (const channel of CHANNELS) {
          const here = done.filter((outcome) => outcome.step.channel === channel)
          const fresh = here.filter(({ published }) => !published.duplicate)
          // Delivered: what was not a duplicate, in the order it was published, at the offsets that were answered.
          expect(listening.offsets(channel)).toEqual(upTo(fresh.length))
          expect(listening.of(channel).map(({ data }) => data)).toEqual(fresh.map(({ data }) => data))
          expect(fresh.map(({ published }) => published.position?.offset)).toEqual(upTo(fresh.length))
          const offsetOf = new Map<number, number | undefined>()
          for (const { step, published } of here) {
            if (step.key === undefined) {
              expect(published.duplicate).toBe(false)
              continue
            }
            expect(published.duplicate).toBe(offsetOf.has(step.key))
            if (!published.duplicate) offsetOf.set(step.key, published.position?.offset)
            expect(published.position?.offset).toBe(offsetOf.get(step.key))
          }
          const page = pages.get(channel) as { offset: number }[]
          expect(page.map(({ offset }) => offset)).toEqual(upTo(fresh.length).slice(fresh.length - page.length))
        }
      },
    ),
    { numRuns: 60, verbose: fc.VerbosityLevel.Verbose },
  )
}, 60_000)
