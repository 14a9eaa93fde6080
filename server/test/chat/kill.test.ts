import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import type { Message } from "../../src/chat/contract.ts"
import { frame, handshake, RawClient } from "../plain/raw-client.ts"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { type Device, Person } from "./person.ts"

let server: TestServer
beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server.stop())

/** The store's process: the child of the server that has the chat's database among its arguments. */
function storePid(): number | undefined {
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ")
  return children.map(Number).find((pid) => pid > 0 && commandOf(pid).includes("chat.db"))
}

/** Empty when the process has gone in the meantime. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return ""
    throw error
  }
}

async function history(device: Device, conversationId: string): Promise<Message[]> {
  const messages: Message[] = []
  for (;;) {
    const page = await device.call("chat.messages", {
      conversation_id: conversationId,
      after: messages.at(-1)?.seq ?? 0,
      limit: 100,
    })
    messages.push(...page.messages)
    if (!page.has_after) return messages
  }
}

/** Sends steadily while `disturb` runs; returns the client ids in order of their answers. */
async function sendThrough(device: Device, conversationId: string, name: string, disturb: () => Promise<void>) {
  let disturbing = true
  const answered: string[] = []
  const sender = async (lane: number) => {
    for (let n = 0; disturbing; n++) {
      const clientId = `${name}-${lane}-${n}-${conversationId.slice(-8)}`
      await device.sendUntilAnswered(conversationId, clientId, clientId)
      answered.push(clientId)
    }
  }
  const sending = Promise.all([sender(1), sender(2)])
  await disturb().finally(() => {
    disturbing = false
  })
  await sending
  return answered
}

function expectWhole(messages: readonly Message[], answered: readonly string[]): void {
  expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: messages.length }, (_, n) => n + 1))
  const kept = messages.filter(({ kind }) => kind === "text").map(({ client_id }) => client_id)
  expect(kept.toSorted()).toEqual([...answered].toSorted())
}

/** Says one thing over a bare socket and hangs up behind it: the frame arrives, its answer finds nobody. */
async function sayAndHangUp(person: Person, conversationId: string, clientId: string, text: string): Promise<void> {
  const { token } = await person.session("GET")
  const client = new RawClient(server.port)
  client.write(handshake("/connection/websocket"))
  await client.answered()
  client.write(frame(JSON.stringify({ id: 1, connect: { token } })))
  await until(() => client.texts.some((reply) => reply.includes('"connect"')), "the answer to connect")
  const data = { conversation_id: conversationId, client_id: clientId, text }
  client.socket.end(frame(JSON.stringify({ id: 2, rpc: { method: "chat.send", data } })))
  await until(() => client.closed, "the socket is gone")
}

test("CHAT-3 the socket dies between commit and answer: sent again from anywhere, it is the same message", async () => {
  const [ann, bob] = [await Person.guest(server, "Ann Lee"), await Person.guest(server, "Bob Lee")]
  const [listener, later] = [await bob.device(), await ann.device()]
  const lobby = await listener.lobby()
  await listener.follow(lobby.channel)
  await later.lobby()
  for (let round = 0; round < 10; round++) {
    const text = `vanished ${round}`
    const clientId = `vanishing-${round}`
    await sayAndHangUp(ann, lobby.id, clientId, text)
    await until(() => listener.said().includes(text), `"${text}" at the others`)
    const again = await later.sendUntilAnswered(lobby.id, clientId, text)
    expect([again.duplicate, again.message.body]).toEqual([true, text])
  }
  const said = (await history(listener, lobby.id)).map(({ body }) => body).filter((body) => body.startsWith("vanished"))
  expect(said).toEqual(Array.from({ length: 10 }, (_, round) => `vanished ${round}`))
  ann.close()
  bob.close()
}, 30_000)

test("CHAT-2 kill -9 of the store again and again: clients notice nothing but time, one message per send", async () => {
  const [ann, bob] = [await Person.guest(server, "Ann"), await Person.guest(server, "Bob")]
  const [sender, reader] = [await ann.device(), await bob.device()]
  const { conversation } = await sender.call("chat.rooms.create", { name: "Store" })
  await reader.call("chat.rooms.join", { conversation_id: conversation.id })
  await reader.follow(conversation.channel)
  const answered = await sendThrough(sender, conversation.id, "store", async () => {
    for (let round = 0; round < 6; round++) {
      const seen = reader.said().length
      await until(() => reader.said().length > seen + 2, "messages between two kills", 20_000)
      const pid = await until(storePid, "a store process")
      process.kill(pid, "SIGKILL")
    }
  })
  const messages = await history(sender, conversation.id)
  expectWhole(messages, answered)
  // In order; what the store repeated may have been told twice, and clients skip what is no next number.
  const told = () => [...new Set(reader.said())]
  await until(() => told().length >= answered.length, "every message pushed")
  expect(told()).toEqual(messages.filter(({ kind }) => kind === "text").map(({ body }) => body))
  expect(sender.closes.filter((code) => code !== 0)).toEqual([])
  ann.close()
  bob.close()
}, 60_000)

test("CHAT-2 kill -9 of the whole server between commit and answer: resending gives one message", async () => {
  const ann = await Person.guest(server, "Anna")
  const sender = await ann.device()
  const { conversation } = await sender.call("chat.rooms.create", { name: "Server" })
  const answered = await sendThrough(sender, conversation.id, "server", async () => {
    for (let round = 0; round < 4; round++) {
      const before = (await until(() => history(sender, conversation.id).catch(() => undefined), "history", 20_000))
        .length
      await until(
        async () => (await history(sender, conversation.id).catch(() => [])).length > before + 2,
        "messages between two kills",
        20_000,
      )
      await server.kill()
      await server.begin()
    }
  })
  expectWhole(await history(sender, conversation.id), answered)
  ann.close()
}, 90_000)
