import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { existsSync, statSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { ChatStore } from "../contract.ts"
import { codeOf } from "../testing/code-of.ts"
import type { SqliteChildStore } from "./proxy.ts"
import { childStore, type TemporaryFile, temporaryFile } from "./testing/stores.ts"

const DYING_CHILD = fileURLToPath(new URL("./testing/dying-child.ts", import.meta.url))

describe("the store's child process", () => {
  let temporary: TemporaryFile
  let store: SqliteChildStore
  beforeEach(() => {
    temporary = temporaryFile()
  })
  afterEach(async () => {
    await store.stop()
    temporary.remove()
  })

  test("CHAT-3 killed between commit and answer: the call is answered all the same, and there is one message", async () => {
    store = childStore(temporary.file, { entry: DYING_CHILD })
    await furnish(store)
    writeFileSync(`${temporary.file}.die`, "")
    const answer = await say(store, "client-a")
    expect(existsSync(`${temporary.file}.die`)).toBe(false)
    expect(store.restarts()).toBe(1)
    // Nobody has heard of it yet, so it must not look like a repetition.
    expect([answer.message.seq, answer.duplicate]).toEqual([1, false])
    const resent = await say(store, "client-a")
    expect([resent.message.seq, resent.duplicate, resent.seqHead]).toEqual([1, true, 1])
  })

  test("CHAT-2 killed at any moment: nothing answered is lost, nothing is doubled, no number is missing", async () => {
    store = childStore(temporary.file)
    await furnish(store)
    const ids = Array.from({ length: 400 }, (_, index) => `client-${index}`)
    const sending = Promise.all(
      ids.map(async (id, index) => {
        await new Promise((resolve) => setTimeout(resolve, index))
        return (await say(store, id)).message
      }),
    )
    for (const answered of [40, 150, 260]) {
      await say(store, `mark-${answered}`)
      const pid = store.pid()
      if (pid === undefined) throw new Error("the store that has just answered has no process")
      process.kill(pid, "SIGKILL")
    }
    const messages = await sending
    expect(store.restarts()).toBeGreaterThanOrEqual(1)
    const kept = await allOf(store)
    expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 403 }, (_, index) => index + 1))
    for (const { clientId, seq } of messages) expect(kept[seq - 1]?.clientId).toBe(clientId)
  })

  test("a child that hangs is ended: calls fail in their time, and the next one answers", async () => {
    store = childStore(temporary.file, { callTimeoutMs: 2_000 })
    await furnish(store)
    const hanging = store.pid()
    if (hanging === undefined) throw new Error("the store that has just answered has no process")
    process.kill(hanging, "SIGSTOP")
    expect(await codeOf(say(store, "client-a"))).toBe("storage_unavailable")
    await until(async () => (await codeOf(say(store, "client-b"))) === "done", "the next one answers")
    expect(store.restarts()).toBe(1)
    // What was refused may have been stored; sent again it is one message all the same.
    await say(store, "client-a")
    expect((await allOf(store)).map(({ clientId }) => clientId).sort()).toEqual(["client-a", "client-b"])
  }, 60_000)

  test("a damaged file: calls are refused with the reason, and the process lives", async () => {
    writeFileSync(temporary.file, "this is no database ".repeat(1_000))
    store = childStore(temporary.file)
    expect(await codeOf(store.hello({ userId: "ann", limit: 10 }))).toBe("storage_unavailable")
    expect(await codeOf(say(store, "client-a"))).toBe("storage_unavailable")
  })

  test("a read-only file: writing is refused, reading goes on", async () => {
    store = childStore(temporary.file)
    await furnish(store)
    await say(store, "client-a")
    await store.stop()
    const readOnly = childStore(temporary.file, {
      entry: fileURLToPath(new URL("./testing/read-only-child.ts", import.meta.url)),
    })
    store = readOnly
    expect(await codeOf(say(readOnly, "client-b"))).toBe("storage_unavailable")
    expect((await allOf(readOnly)).map(({ clientId }) => clientId)).toEqual(["client-a"])
    expect(readOnly.restarts()).toBe(0)
  })

  test("a full disk: sending is refused as full, reading goes on, and sending works again with room", async () => {
    store = childStore(temporary.file, {
      entry: fileURLToPath(new URL("./testing/small-disk-child.ts", import.meta.url)),
    })
    await furnish(store)
    const codes = new Set<string>()
    let stored = 0
    for (let index = 0; index < 200 && !codes.has("storage_full"); index++) {
      const code = await codeOf(say(store, `client-${index}`, "x".repeat(4_000)))
      codes.add(code)
      if (code === "done") stored++
    }
    expect(codes).toEqual(new Set(["done", "storage_full"]))
    expect((await allOf(store)).length).toBe(stored)
    expect(store.restarts()).toBe(0)
    writeFileSync(`${temporary.file}.room`, "")
    await until(async () => (await codeOf(say(store, "client-after"))) === "done", "sending works again")
    expect((await allOf(store)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: stored + 1 }, (_, index) => index + 1),
    )
  })

  test("a database that another process still holds is waited for", async () => {
    const before = childStore(temporary.file)
    await furnish(before)
    store = childStore(temporary.file)
    const waiting = say(store, "client-a")
    await before.stop()
    expect((await waiting).message.seq).toBe(1)
    expect(store.restarts()).toBe(0)
  })

  test("nobody else on the machine may read the file", async () => {
    store = childStore(temporary.file)
    await furnish(store)
    expect(statSync(temporary.file).mode & 0o777).toBe(0o600)
  })

  test("too many waiting calls are refused at once", async () => {
    store = childStore(temporary.file, { maxPending: 2 })
    const waiting = [store.probe({}), store.probe({})]
    expect(await codeOf(store.probe({}))).toBe("storage_unavailable")
    await Promise.all(waiting)
    expect(await codeOf(store.probe({}))).toBe("done")
  })

  test("stopping finishes what was accepted", async () => {
    store = childStore(temporary.file)
    await furnish(store)
    const sending = Promise.all(Array.from({ length: 50 }, (_, index) => say(store, `client-${index}`)))
    await store.stop()
    expect(await sending).toHaveLength(50)
    store = childStore(temporary.file)
    expect(await allOf(store)).toHaveLength(50)
  })
})

async function until(happened: () => Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = Date.now() + 10_000
  while (!(await happened())) {
    if (Date.now() > deadlineMs) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function furnish(store: ChatStore): Promise<void> {
  await store.createRoom({
    id: "c_1",
    slug: "lobby",
    name: "Lobby",
    nameKey: "lobby",
    history: "all",
    maxRooms: 9,
    nowMs: 1,
  })
  await store.saveUser({
    user: { id: "ann", name: "Ann", nameKey: "ann", guest: false },
    defaultRooms: ["c_1"],
    nowMs: 1,
  })
}

const say = (store: ChatStore, clientId: string, body = "hello") =>
  store.appendMessage({ conversationId: "c_1", senderId: "ann", clientId, kind: "text", body, mentions: [], nowMs: 1 })

const allOf = async (store: ChatStore) =>
  (await store.page({ conversationId: "c_1", userId: "ann", after: 0, limit: 1_000 })).messages
