import { expect, test } from "bun:test"
import fc from "fast-check"
import { type Counts, Tally } from "./tally.ts"

const CAP = 100

/** A conversation as the server has it: of each message, whether somebody else sent it and whether it is still there. */
class Server {
  readonly messages: { byOther: boolean; namesMe: boolean; live: boolean }[] = []
  deletions = 0
  readSeq = 0

  count(): Counts & { readSeq: number } {
    const unread = this.messages.filter(({ byOther, live }, index) => byOther && live && index >= this.readSeq)
    const mentions = unread.filter(({ namesMe }) => namesMe).length
    const { readSeq, deletions: chg } = this
    return { unread: Math.min(CAP, unread.length), mentions, seq: this.messages.length, chg, readSeq }
  }
}

/** One device: pushes of a channel come in order, counts whenever they like. */
class Device {
  readonly pushes: (() => void)[] = []
  readonly counts: (() => void)[] = []
  private readonly tally: Tally
  private readSeq: number

  constructor(count: Counts & { readSeq: number }) {
    this.tally = new Tally(count, CAP)
    this.readSeq = count.readSeq
  }

  send(push: (tally: Tally) => void): void {
    this.pushes.push(() => push(this.tally))
  }

  answer(count: Counts & { readSeq: number }): void {
    this.counts.push(() => {
      if (count.readSeq < this.readSeq) return
      this.readSeq = count.readSeq
      this.tally.counted(count)
    })
  }

  get totals() {
    return this.tally.totals(this.readSeq)
  }
}

const move = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant("said"), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("deleted"), n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("read"), n: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant("arrives"), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("again"), n: fc.nat() }) },
)

test("three devices agree with the server, whatever is said, deleted and read, in whatever order they hear of it", () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const server = new Server()
      const devices = [0, 1, 2].map(() => new Device(server.count()))
      const tell = (push: (tally: Tally) => void) => {
        for (const device of devices) device.send(push)
      }
      for (const { what, n } of moves) {
        const device = devices[n % 3] as Device
        if (what === "said") {
          const message = { byOther: n % 4 !== 0, namesMe: n % 5 === 0, live: true }
          const seq = server.messages.push(message)
          if (message.byOther) tell((tally) => tally.said(seq, message.namesMe))
        } else if (what === "deleted") {
          const seq = 1 + (n % Math.max(1, server.messages.length))
          const message = server.messages[seq - 1]
          if (!message?.live) continue
          message.live = false
          const chg = ++server.deletions
          if (message.byOther) tell((tally) => tally.deleted(seq, chg))
        } else if (what === "read") {
          server.readSeq = Math.max(server.readSeq, n % (server.messages.length + 1))
          const count = server.count()
          for (const each of devices) each.answer(count)
        } else if (what === "again") device.pushes[0]?.()
        else (n % 2 === 0 ? device.pushes : device.counts).shift()?.()
      }
      for (const { pushes, counts } of devices) for (const arrives of [...counts, ...pushes]) arrives()
      const { unread } = server.count()
      for (const device of devices) expect(device.totals.unread).toBe(unread)
    }),
    { numRuns: 500 },
  )
})

test("mentions go with what is read or deleted, as far as it was seen", () => {
  const tally = new Tally({ unread: 0, mentions: 0, seq: 10, chg: 0 }, CAP)
  tally.said(11, true)
  tally.said(12, false)
  expect(tally.totals(10)).toEqual({ unread: 2, mentions: 1 })
  tally.deleted(11, 1)
  expect(tally.totals(10)).toEqual({ unread: 1, mentions: 0 })
})

test("at the cap nothing is taken away before the server has counted again", () => {
  const tally = new Tally({ unread: CAP, mentions: 0, seq: 500, chg: 0 }, CAP)
  tally.deleted(450, 1)
  expect(tally.totals(0).unread).toBe(CAP)
  tally.counted({ unread: 30, mentions: 0, seq: 500, chg: 1 })
  expect(tally.totals(470).unread).toBe(30)
})

test("a room nobody reads for days keeps its number, and little more", () => {
  const tally = new Tally({ unread: 0, mentions: 0, seq: 0, chg: 0 }, CAP)
  for (let seq = 1; seq <= 10_000; seq++) tally.said(seq, false)
  expect(tally.totals(0).unread).toBe(CAP)
  expect(tally.size).toBeLessThanOrEqual(300)
})
