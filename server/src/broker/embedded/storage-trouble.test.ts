import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { type Running, runEmbedded, TestFolder } from "../testing/embedded-in.ts"
import { SmallDisk } from "../testing/small-disk.ts"
import { eventually, failureOf, ruleOf, upTo } from "../testing/support.ts"

const rule = ruleOf({ historySize: 100_000 })
const memoryRule = ruleOf({ durability: "memory" })

/** Publishing to memory does not care about the disk. */
async function expectMemoryToWork({ broker }: Running): Promise<void> {
  const name = `memory:${Math.random()}`
  expect((await broker.publish(name, memoryRule, { data: "1" })).position?.offset).toBe(1)
}

function publishAgain({ broker }: Running, channel: string) {
  return eventually("publishing to work again", () =>
    broker.publish(channel, rule, { data: '"healed"' }).catch(() => undefined),
  )
}

/** The history is exactly what was delivered. */
async function expectIntact({ broker, listening }: Running, channel: string): Promise<void> {
  const { publications, top } = await broker.history(channel, rule, { limit: -1 })
  expect(publications.map(({ data }) => data)).toEqual(listening.of(channel).map(({ data }) => data))
  expect(top.offset).toBe(listening.of(channel).length)
}

describe("a disk of its own", () => {
  let disk: SmallDisk
  beforeEach(() => {
    disk = new SmallDisk(4)
  })
  afterEach(() => disk.remove())

  test("full: publishes are refused, nothing of them remains, reads go on, room heals it", async () => {
    // Rings off: every read is one of the file.
    const running = await runEmbedded(disk.path, { limits: { ringCount: 1 } })
    const { broker, listening, child } = running
    const data = JSON.stringify("x".repeat(5_000))
    let error: (Error & { code?: string }) | undefined
    for (let n = 0; error === undefined && n < 2_000; n++) {
      const outcomes = await Promise.allSettled(upTo(4).map(() => broker.publish("full", rule, { data })))
      error = outcomes.find((outcome) => outcome.status === "rejected")?.reason
    }
    expect(error?.code).toBe("storage_full")
    expect(error?.message).toContain(join(disk.path, "log.db"))
    expect(error?.message).toContain("SQLITE_FULL")
    expect(listening.of("full").length).toBeGreaterThan(50)

    const refusals = await Promise.allSettled(upTo(100).map(() => broker.publish("full", rule, { data })))
    expect(refusals.some(({ status }) => status === "rejected")).toBe(true)
    expect((await failureOf(broker.publish("other", rule, { data: JSON.stringify("y".repeat(900_000)) }))).code).toBe(
      "storage_full",
    )
    await expectIntact(running, "full")
    await expectMemoryToWork(running)
    disk.grow(16)
    const before = listening.of("full").length
    const { position } = await publishAgain(running, "full")
    expect(position?.offset).toBe(before + 1)
    await expectIntact(running, "full")
    expect(child.restarts).toBe(0)
    await broker.stop()
  }, 30_000)

  test("full because of others: goes on by itself when they make room", async () => {
    const running = await runEmbedded(disk.path, { limits: { ringCount: 1 } })
    await running.broker.publish("a", rule, { data: "1" })
    const filler = join(disk.path, "filler")
    expect(() => writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024))).toThrow()
    const big = JSON.stringify("x".repeat(100_000))
    expect((await failureOf(running.broker.publish("a", rule, { data: big }))).code).toBe("storage_full")
    expect((await failureOf(running.broker.history("never seen", rule, { limit: 0 }))).code).toBe("storage_full")
    await expectIntact(running, "a")
    rmSync(filler)
    expect((await running.broker.publish("a", rule, { data: big })).position?.offset).toBe(2)
    expect((await running.broker.history("never seen", rule, { limit: 0 })).top.offset).toBe(0)
    await expectIntact(running, "a")
    expect(running.child.restarts).toBe(0)
    await running.broker.stop()
  }, 30_000)

  test("full at the start: reads are served, publishing begins when there is room", async () => {
    const first = await runEmbedded(disk.path)
    await first.broker.publish("a", rule, { data: "1" })
    await first.broker.stop()
    const filler = join(disk.path, "filler")
    expect(() => writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024))).toThrow()
    const running = await runEmbedded(disk.path)
    expect((await failureOf(running.broker.publish("a", rule, { data: "2" }))).code).toMatch(/^storage_/)
    expect((await running.broker.history("a", rule, { limit: 9 })).publications).toHaveLength(1)
    await expectMemoryToWork(running)
    rmSync(filler)
    expect((await publishAgain(running, "a")).position?.offset).toBe(2)
    expect((await running.broker.history("a", rule, { limit: 9 })).publications).toHaveLength(2)
    await running.broker.stop()
  }, 30_000)

  test("read-only: reads are served, publishes refused, and it heals without a restart of the server", async () => {
    const first = await runEmbedded(disk.path)
    await Promise.all(upTo(50).map((n) => first.broker.publish("a", rule, { data: String(n) })))
    await first.broker.stop()
    disk.makeReadOnly()
    const running = await runEmbedded(disk.path)
    const error = await failureOf(running.broker.publish("a", rule, { data: "2" }))
    expect(error.code).toBe("storage_unavailable")
    expect(error.message).toContain("read-only")
    expect((await failureOf(running.broker.probe())).code).toBe("storage_unavailable")
    expect((await running.broker.history("a", rule, { limit: -1 })).publications).toHaveLength(50)
    await expectMemoryToWork(running)
    expect(running.logged.lines.some(({ level, msg }) => level === "error" && msg.includes("read-only"))).toBe(true)
    disk.makeWritable()
    expect((await publishAgain(running, "a")).position?.offset).toBe(51)
    expect(running.listening.invalidated).toEqual([])
    await running.broker.stop()
  }, 30_000)

  test("read-only with a WAL that was never copied back: the newest rows are read too", async () => {
    const folder = new TestFolder()
    const first = await runEmbedded(folder.path)
    await Promise.all(upTo(50).map((n) => first.broker.publish("a", rule, { data: String(n) })))
    process.kill(first.child.pid as number, "SIGSTOP")
    cpSync(folder.path, disk.path, { recursive: true })
    process.kill(first.child.pid as number, "SIGCONT")
    await first.broker.stop()
    folder.remove()
    disk.makeReadOnly()
    const running = await runEmbedded(disk.path)
    expect((await failureOf(running.broker.publish("a", rule, { data: "2" }))).code).toBe("storage_unavailable")
    const outcome = await running.broker.history("a", rule, { limit: -1 })
    expect(outcome.publications).toHaveLength(50)
    await running.broker.stop()
  }, 30_000)
})

describe("a file", () => {
  let folder: TestFolder
  let file: string
  beforeEach(() => {
    folder = new TestFolder()
    file = join(folder.path, "log.db")
  })
  afterEach(() => folder.remove())

  test("with a garbage header: refused, left alone, no crash loop", async () => {
    const first = await runEmbedded(folder.path)
    await first.broker.publish("a", rule, { data: "1" })
    await first.broker.stop()
    const bytes = readFileSync(file)
    bytes.fill(0x5a, 0, 100)
    writeFileSync(file, bytes)
    const running = await runEmbedded(folder.path)
    const error = await failureOf(running.broker.publish("a", rule, { data: "2" }))
    expect(error.code).toBe("storage_unavailable")
    expect(error.message).toContain(file)
    expect(error.message).toContain("header is damaged")
    expect((await failureOf(running.broker.history("a", rule, { limit: 9 }))).code).toBe("storage_unavailable")
    expect((await failureOf(running.broker.probe())).code).toBe("storage_unavailable")
    await expectMemoryToWork(running)
    expect(running.child.restarts).toBe(0)
    expect(running.broker.stats().state).toBe("closed")
    expect(readFileSync(file)).toEqual(bytes)
    await running.broker.stop()
    expect(readFileSync(file)).toEqual(bytes)
  }, 30_000)

  test("overwritten in the middle: what is whole is read, what is not is refused, never wrong, no crash loop", async () => {
    const channels = upTo(200).map((n) => `damaged:${n}`)
    const first = await runEmbedded(folder.path)
    const text = (channel: string, n: number) => JSON.stringify({ channel, n, pad: "p".repeat(300) })
    for (const channel of channels) {
      await Promise.all(upTo(20).map((n) => first.broker.publish(channel, rule, { data: text(channel, n) })))
    }
    await first.broker.stop()
    const bytes = readFileSync(file)
    const start = Math.floor(bytes.length / 3 / 4096) * 4096
    bytes.fill(0xa5, start, start + Math.floor(bytes.length / 3))
    writeFileSync(file, bytes)

    const running = await runEmbedded(folder.path)
    let whole = 0
    let refused = 0
    for (const channel of channels) {
      const page = await running.broker
        .history(channel, rule, { limit: -1 })
        .catch((error) => error as { code: string })
      if ("code" in page) {
        expect(page.code).toBe("storage_unavailable")
        refused++
      } else {
        expect(page.publications.map(({ data }) => data)).toEqual(upTo(20).map((n) => text(channel, n)))
        whole++
      }
    }
    expect(whole).toBeGreaterThan(20)
    expect(refused).toBeGreaterThan(20)
    const outcomes = await Promise.allSettled(
      channels.map((channel) => running.broker.publish(channel, rule, { data: "1" })),
    )
    const errors = outcomes.filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason)
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error).toMatchObject({ code: "storage_unavailable" })
    expect(errors.some(({ message }) => message.includes("the file is damaged") && message.includes(file))).toBe(true)
    await expectMemoryToWork(running)
    expect(running.child.restarts).toBe(0)
    await running.broker.stop()
  }, 30_000)

  test("one page overwritten: what is on the others is read, also of that channel, and nothing is published", async () => {
    const first = await runEmbedded(folder.path)
    const text = (n: number) => JSON.stringify({ n, pad: "p".repeat(300) })
    await Promise.all(upTo(300).map((n) => first.broker.publish("a", rule, { data: text(n) })))
    await first.broker.stop()
    const bytes = readFileSync(file)
    // Among the newest: what the node reads when it opens the channel.
    const page = Math.floor(bytes.indexOf(text(250)) / 4096) * 4096
    bytes.fill(0xa5, page, page + 4096)
    writeFileSync(file, bytes)

    const running = await runEmbedded(folder.path)
    const oldest = await running.broker.history("a", rule, { limit: 9 })
    expect(oldest.publications.map(({ data }) => data)).toEqual(upTo(9).map(text))
    expect(oldest.top.offset).toBe(300)
    const all = await failureOf(running.broker.history("a", rule, { limit: -1 }))
    expect(all).toMatchObject({ code: "storage_unavailable" })
    const refused = await failureOf(running.broker.publish("a", rule, { data: "1" }))
    expect(refused.message).toContain("the file is damaged")
    expect((await running.broker.history("a", rule, { limit: 9 })).publications).toEqual(oldest.publications)
    expect(running.child.restarts).toBe(0)
    await running.broker.stop()
  }, 30_000)

  test("that is a folder, or in a folder that is a file: refused, the server runs", async () => {
    const notAFolder = join(folder.path, "file")
    writeFileSync(notAFolder, "mine")
    const running = await runEmbedded(notAFolder)
    expect((await failureOf(running.broker.publish("a", rule, { data: "1" }))).code).toBe("storage_unavailable")
    await expectMemoryToWork(running)
    await running.broker.stop()
    expect(readFileSync(notAFolder, "utf8")).toBe("mine")
  }, 30_000)

  test("of a newer version or another program: refused and left alone", async () => {
    const { Database } = await import("bun:sqlite")
    const other = new Database(file)
    other.run("CREATE TABLE theirs(x); PRAGMA user_version = 9")
    other.close()
    const before = readFileSync(file)
    const running = await runEmbedded(folder.path)
    const error = await failureOf(running.broker.publish("a", rule, { data: "1" }))
    expect(error.code).toBe("storage_unavailable")
    expect(error.message).toContain("another program or to a newer Skein")
    await running.broker.stop()
    expect(readFileSync(file).subarray(100)).toEqual(before.subarray(100))
  }, 30_000)

  test("held by another server: waits for it, and takes over what it wrote", async () => {
    const old = await runEmbedded(folder.path)
    await old.broker.publish("a", rule, { data: "1" })
    const starting = runEmbedded(folder.path)
    await old.broker.publish("a", rule, { data: "2" })
    await old.broker.stop()
    const running = await starting
    expect(running.logged.lines).toEqual([])
    expect((await running.broker.publish("a", rule, { data: "3" })).position?.offset).toBe(3)
    await running.broker.stop()
  }, 30_000)
})

test("a machine that lost power may have lost commits: every position is void, unless each commit was flushed", async () => {
  for (const durability of ["commit", "fsync"] as const) {
    const folder = new TestFolder()
    const first = await runEmbedded(folder.path, { durability })
    const { position } = await first.broker.publish("a", rule, { data: "1" })
    process.kill(first.child.pid as number, "SIGSTOP")
    const copy = new TestFolder()
    cpSync(folder.path, copy.path, { recursive: true })
    process.kill(first.child.pid as number, "SIGCONT")
    await first.broker.stop()
    const { Database } = await import("bun:sqlite")
    const db = new Database(join(copy.path, "log.db"))
    db.run("UPDATE facts SET value = 'a boot long ago' WHERE name = 'boot'")
    db.close()
    const second = await runEmbedded(copy.path, { durability })
    const { top, publications } = await second.broker.history("a", rule, { limit: 9 })
    expect(publications).toHaveLength(1)
    if (durability === "fsync") expect(top.epoch).toBe(position?.epoch as string)
    else expect(top.epoch).not.toBe(position?.epoch as string)
    await second.broker.stop()
    const third = await runEmbedded(copy.path, { durability })
    expect((await third.broker.history("a", rule, { limit: 9 })).top.epoch).toBe(top.epoch)
    await third.broker.stop()
    folder.remove()
    copy.remove()
  }
}, 30_000)

test("a clock that runs backwards does not disturb order or age", async () => {
  const folder = new TestFolder()
  const clock = new FakeClock(1_700_000_000_000)
  const { broker, listening } = await runEmbedded(folder.path, { clock, limits: { ringCount: 1 } })
  const brief = ruleOf({ historyTtlMs: 60_000 })
  await broker.publish("a", brief, { data: "1" })
  clock.advance(-30_000)
  await broker.publish("a", brief, { data: "2" })
  const [one, two] = listening.of("a")
  expect(two?.timeMs).toBe(one?.timeMs as number)
  const { publications } = await broker.history("a", brief, { limit: 9 })
  expect(publications.map(({ timeMs }) => timeMs)).toEqual([one?.timeMs, two?.timeMs] as number[])
  await broker.stop()
  folder.remove()
})
