import { expect, test } from "bun:test"
import fc from "fast-check"
import type { CatchUpEntry, Page } from "../contract.ts"
import { type Asked, applyCatchUp } from "./catch-up.ts"
import { applyPage, type PageKind, trim } from "./pages.ts"
import { gapsIn, ModelConversation } from "./testing/model.ts"
import { applyStep, emptyThread, heard, isAttached, isBehind, lastSeq, type Step, type Thread } from "./thread.ts"

/** What may happen, in any order. Numbers are reduced to whatever exists at that moment. */
const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("send" as const), n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("edit" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), n: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("deliver" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("repeat" as const), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("drop" as const), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ask" as const), n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("newest" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("before" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("after" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("around" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("gap" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("trim" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hello" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget" as const), n: fc.nat() }) },
)
type Event = { do: string; n: number }

type Reply = { kind: "catch-up"; entry: CatchUpEntry; asked: Asked } | { kind: PageKind; page: Page; edge?: number }

class Run {
  readonly server = new ModelConversation(4)
  thread: Thread = emptyThread(0, 0)
  private readonly flying: Step[] = []
  private readonly delivered: Step[] = []
  private readonly replies: Reply[] = []

  step({ do: what, n }: Event): void {
    const { server } = this
    const pick = <T>(list: T[]): T | undefined => list.splice(n % Math.max(1, list.length), 1)[0]
    const some = server.log.length > 0 ? 1 + (n % server.log.length) : 0
    if (what === "send") this.flying.push(server.send(`text ${n}`))
    else if (what === "edit" && some) this.flying.push(server.change(some, "edit", `edit ${n}`))
    else if (what === "delete" && some) this.flying.push(server.change(some, "delete", ""))
    else if (what === "deliver") this.push(pick(this.flying))
    else if (what === "repeat") this.push(this.delivered[n % Math.max(1, this.delivered.length)])
    else if (what === "drop") pick(this.flying)
    else if (what === "ask") this.ask()
    else if (what === "answer") this.answer(pick(this.replies))
    else if (what === "newest") this.replies.push({ kind: "newest", page: server.page({}, 3) })
    else if (what === "around" && some) this.replies.push({ kind: "around", page: server.page({ around: some }, 3) })
    else if (what === "trim") this.thread = trim(this.thread, n % 2 ? "start" : "end", 3)
    else if (what === "hello") this.thread = heard(this.thread, server.log.length, server.changes.length)
    else if (what === "forget") server.forgetChanges()
    else this.history(what, n)
  }

  private history(what: string, n: number): void {
    const first = this.thread.rows[0]?.message.seq
    const gaps = gapsIn(this.thread.rows)
    const gap = gaps[n % Math.max(1, gaps.length)]
    if (what === "before" && first) this.older(first)
    if (what === "gap" && gap) this.older(gap[1] + 1)
    if (what === "after" && first) {
      this.replies.push({ kind: "after", page: this.server.page({ after: lastSeq(this.thread) }, 2) })
    }
  }

  private older(edge: number): void {
    this.replies.push({ kind: "before", page: this.server.page({ before: edge }, 2), edge })
  }

  private push(step: Step | undefined): void {
    if (!step) return
    this.delivered.push(step)
    this.thread = applyStep(this.thread, step).thread
  }

  ask(): void {
    const asked = { seq: this.thread.seqHead, chg: this.thread.chgHead }
    this.replies.push({ kind: "catch-up", entry: this.server.catchUp(asked.seq, asked.chg), asked })
  }

  answer(reply: Reply | undefined): void {
    if (!reply) return
    this.thread =
      reply.kind === "catch-up"
        ? applyCatchUp(this.thread, reply.entry, reply.asked)
        : applyPage(this.thread, reply.page, reply.kind, reply.edge)
  }

  /** The network is quiet now: hello tells the heads, and the client asks until it is not behind. */
  settle(): number {
    for (const reply of this.replies.splice(0)) this.answer(reply)
    this.thread = heard(this.thread, this.server.log.length, this.server.changes.length)
    let rounds = 0
    while (isBehind(this.thread) && rounds < 10) {
      this.ask()
      this.answer(this.replies.pop())
      rounds++
    }
    return rounds
  }
}

function expectInvariants(thread: Thread): void {
  const seqs = thread.rows.map((row) => row.message.seq)
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
  expect(thread.seqKnown).toBeGreaterThanOrEqual(thread.seqHead)
  expect(lastSeq(thread)).toBeLessThanOrEqual(Math.max(thread.seqHead, thread.seqKnown))
}

test("any interleaving ends equal to the server's truth, or shows a gap", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80, size: "max" }), (events) => {
      const run = new Run()
      for (const item of events) {
        run.step(item)
        expectInvariants(run.thread)
      }
      const rounds = run.settle()
      expect(rounds).toBeLessThan(10)
      const { server, thread } = run
      expect(thread.seqHead).toBe(server.log.length)
      expect(thread.chgHead).toBe(server.changes.length)
      // Each row held is the server's message as it is now, whatever happened on the way.
      for (const row of thread.rows) expect(row.message).toEqual(server.log[row.message.seq - 1] as typeof row.message)
      // What is not held is either visibly missing (a gap, or above, or below a detached window) or not loaded.
      const held = new Set(thread.rows.map((row) => row.message.seq))
      const gaps = gapsIn(thread.rows)
      const first = thread.rows[0]?.message.seq ?? 0
      for (const message of server.log) {
        if (held.has(message.seq) || !thread.loaded) continue
        const inGap = gaps.some(([from, to]) => message.seq >= from && message.seq <= to)
        const above = message.seq < first && thread.hasBefore
        const below = message.seq > lastSeq(thread) && !isAttached(thread)
        expect(inGap || above || below).toBe(true)
      }
    }),
    { numRuns: 3000 },
  )
})

test("with nothing lost and nothing paged the whole log is held", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60, size: "max" }), (events) => {
      const run = new Run()
      run.answer({ kind: "newest", page: run.server.page({}, 50) })
      for (const item of events) {
        if (["send", "edit", "delete", "deliver", "repeat", "ask", "answer"].includes(item.do)) run.step(item)
      }
      run.settle()
      expect(isAttached(run.thread)).toBe(true)
      const missing = gapsIn(run.thread.rows).reduce((sum, [from, to]) => sum + to - from + 1, 0)
      const above = run.thread.hasBefore ? (run.thread.rows[0]?.message.seq ?? 1) - 1 : 0
      expect(run.thread.rows.length + missing + above).toBe(run.server.log.length)
    }),
    { numRuns: 1000 },
  )
})
