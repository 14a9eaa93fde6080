import { afterAll, afterEach, beforeAll, expect, test } from "bun:test"
import type { Message } from "../../src/chat/contract.ts"
import { frame, handshake, RawClient } from "../plain/raw-client.ts"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { type Device, Person } from "./person.ts"

const GRACE_MS = 1_500

let server: TestServer
let people: Person[] = []
let names = 0
beforeAll(async () => {
  server = await TestServer.start({ env: { SKEIN_LIMITS_PRESENCE_GRACE: `${GRACE_MS}ms` } })
})
afterAll(() => server.stop())
afterEach(() => {
  for (const person of people) person.close()
  people = []
})

async function guest(): Promise<Person> {
  const person = await Person.guest(server, `Guest ${names++}`)
  people.push(person)
  return person
}

/** A room of one test's own, with everyone in it and following it. */
async function roomOf(...devices: Device[]) {
  const [owner, ...others] = devices as [Device, ...Device[]]
  const { conversation } = await owner.call("chat.rooms.create", { name: `Room ${names++}` })
  for (const device of others) await device.call("chat.rooms.join", { conversation_id: conversation.id })
  const subscriptions = []
  for (const device of devices) subscriptions.push(await device.follow(conversation.channel))
  return { id: conversation.id, subscriptions }
}

const say = (device: Device, conversationId: string, text: string) =>
  device.call("chat.send", { conversation_id: conversationId, client_id: crypto.randomUUID(), text })

test("CHAT-21 two people talk: everyone sees everything in the same order, scripts stay text", async () => {
  const [ann, bob] = [await (await guest()).device(), await (await guest()).device()]
  const { id } = await roomOf(ann, bob)
  const texts = Array.from({ length: 10 }, (_, n) => `<b onclick="x()">${n}</b> 你好`)
  await Promise.all(texts.map((text, n) => say(n % 2 ? ann : bob, id, text)))
  await until(() => ann.said().length === 10 && bob.said().length === 10, "ten messages at both")
  expect(ann.said()).toEqual(bob.said())
  expect(ann.said().toSorted()).toEqual(texts)
  const { messages } = await ann.call("chat.messages", { conversation_id: id, after: 1 })
  expect(messages.map(({ body }) => body)).toEqual(ann.said())
})

test("CHAT-6 subscribe first, snapshot second: nothing is missing and nothing double, whenever one comes", async () => {
  const ann = await (await guest()).device()
  const { id } = await roomOf(ann)
  let talking = true
  const talk = (async () => {
    for (let n = 0; talking; n++) await ann.sendUntilAnswered(id, `talk-${id}-${n}`, `text ${n}`)
  })()
  for (let round = 0; round < 5; round++) {
    const late = await (await guest()).device()
    await late.call("chat.rooms.join", { conversation_id: id })
    await late.follow(`chat:c:${id}`)
    // The newest: how much was said before is a matter of how long the rounds take.
    const page = await late.call("chat.messages", { conversation_id: id, limit: 100 })
    await until(() => late.pushes.filter(({ type }) => type === "message").length >= 2, "two pushes")
    const seqs = new Set(page.messages.map(({ seq }) => seq))
    for (const push of late.pushes)
      if (push.type === "message" && push.message.seq > page.seq_head) {
        expect(seqs.has(push.message.seq)).toBe(false)
        seqs.add(push.message.seq)
      }
    const highest = Math.max(...seqs)
    expect(seqs.size).toBe(highest - Math.min(...seqs) + 1)
  }
  talking = false
  await talk
}, 30_000)

test("CHAT-6 edits and deletes while offline are applied on return, more missed messages than fit are a visible gap", async () => {
  const [ann, person] = [await (await guest()).device(), await guest()]
  const bob = await person.device()
  const { id } = await roomOf(ann, bob)
  for (const text of ["one", "two", "three"]) await say(ann, id, text)
  await until(() => bob.said().length === 3, "three messages")
  bob.centrifuge.disconnect()
  await ann.call("chat.edit", { conversation_id: id, seq: 2, text: "one, edited" })
  await ann.call("chat.delete", { conversation_id: id, seq: 3 })
  bob.centrifuge.connect()
  await bob.centrifuge.ready(10_000)
  const held = { conversation_id: id, seq: 4, chg: 0 }
  const short = await bob.call("chat.catch_up", { conversations: [held] })
  expect(short.conversations[0]?.changes.map(({ op, message }) => [op, message.body])).toEqual([
    ["edit", "one, edited"],
    ["delete", ""],
  ])
  expect(short.conversations[0]?.reset).toBeUndefined()
  const many = await Person.guest(server, `Guest ${names++}`)
  people.push(many)
  const flood = await Promise.all(Array.from({ length: 12 }, async () => (await guest()).device()))
  for (const device of flood) await device.call("chat.rooms.join", { conversation_id: id })
  await Promise.all(
    flood.flatMap((device, d) =>
      Array.from({ length: 20 }, (_, n) => device.sendUntilAnswered(id, `flood-${d}-${n}-${id}`, "x")),
    ),
  )
  const long = await bob.call("chat.catch_up", { conversations: [held] })
  const [entry] = long.conversations
  const first = entry?.messages[0]?.seq ?? 0
  expect(entry?.reset?.gap).toEqual([5, first - 1])
  expect(entry?.messages.at(-1)?.seq).toBe(244)
  const gap: Message[] = []
  while ((gap.at(-1)?.seq ?? 4) < first - 1) {
    const page = await bob.call("chat.messages", { conversation_id: id, after: gap.at(-1)?.seq ?? 4, limit: 100 })
    gap.push(...page.messages.filter(({ seq }) => seq < first))
  }
  expect(gap.map(({ seq }) => seq)).toEqual(Array.from({ length: first - 5 }, (_, n) => n + 5))
}, 60_000)

test("CHAT-15 a member removed while connected: nothing more arrives", async () => {
  const [ann, person] = [await (await guest()).device(), await guest()]
  const [bob, bobsPhone] = [await person.device(), await person.device()]
  const { id, subscriptions } = await roomOf(ann, bob)
  const phone = await bobsPhone.follow(`chat:c:${id}`)
  await say(ann, id, "before")
  await until(() => bob.said().length === 1 && bobsPhone.said().length === 1, "the message before")
  let talking = true
  const talk = (async () => {
    for (let n = 0; talking; n++) await ann.sendUntilAnswered(id, `after-${id}-${n}`, `after ${n}`)
  })()
  await until(() => ann.said().length > 3, "talk")
  await bob.call("chat.rooms.leave", { conversation_id: id })
  // The answer comes after the cut: from here on nothing may come, on any device.
  const seen = bob.said().length
  await until(() => phone.state === "unsubscribed" && subscriptions[1]?.state === "unsubscribed", "both cut")
  const seenOnPhone = bobsPhone.said().length
  const saidNow = ann.said().length
  await until(() => ann.said().length > saidNow + 5, "talk goes on")
  talking = false
  await talk
  expect([bob.said().length, bobsPhone.said().length]).toEqual([seen, seenOnPhone])
  await until(
    () => bobsPhone.personal.some(({ type }) => type === "conversation_removed"),
    "the other device hears of it",
  )
  const again = bobsPhone.centrifuge.newSubscription(`chat:c:${id}x`)
  const refused = await new Promise((resolve) => {
    again.on("unsubscribed", ({ code }) => resolve(code))
    again.subscribe()
  })
  expect(refused).toBe(1001)
  const page = await bobsPhone
    .call("chat.messages", { conversation_id: id })
    .catch((error: { code: number }) => error.code)
  expect(page).toBe(1001)
}, 30_000)

test("CHAT-10 three devices agree on what is read", async () => {
  const [ann, person] = [await (await guest()).device(), await guest()]
  const devices = [await person.device(), await person.device(), await person.device()] as const
  const { id } = await roomOf(ann, devices[0])
  for (let n = 0; n < 6; n++) await say(ann, id, `text ${n}`)
  const positions = devices.map((device, n) => device.call("chat.read", { conversation_id: id, seq: 3 + n }))
  await Promise.all(positions)
  const lastRead = (device: Device) =>
    device.personal.findLast((push) => push.type === "read" && push.conversation_id === id) as
      | { read_seq: number; unread?: number }
      | undefined
  await until(() => devices.every((device) => lastRead(device)?.read_seq === 5), "all devices at 5")
  for (const device of devices) {
    expect(lastRead(device)?.unread).toBe(2)
    const { conversations } = await device.call("chat.hello", {})
    expect(conversations.find((conversation) => conversation.id === id)).toMatchObject({ read_seq: 5, unread: 2 })
  }
})

/** Asked twenty times a second at most: more often is over the rate. */
async function onlineIn(device: Device, conversationId: string): Promise<string[]> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  const { members } = await device.call("chat.members", { conversation_id: conversationId })
  return members.filter((member) => member.online).map(({ user }) => user.id)
}

test("CHAT-30 presence: who follows a conversation is online for its members", async () => {
  const [annPerson, bobPerson] = [await guest(), await guest()]
  const [ann, bob] = [await annPerson.device(), await bobPerson.device()]
  const { id, subscriptions } = await roomOf(ann, bob)
  const online = () => onlineIn(ann, id)
  expect((await online()).toSorted()).toEqual([annPerson.user?.id ?? "", bobPerson.user?.id ?? ""].toSorted())
  const clients = await subscriptions[0]?.presence()
  expect(
    Object.values(clients?.clients ?? {})
      .map(({ connInfo }) => (connInfo as { name: string }).name)
      .toSorted(),
  ).toEqual([annPerson.user?.name ?? "", bobPerson.user?.name ?? ""].toSorted())
  bob.centrifuge.disconnect()
  await until(async () => (await online()).length === 1, "bob is gone")
})

test("CHAT-30 presence: who drops stays for a grace, and a page change does not blink", async () => {
  const [annPerson, bobPerson] = [await guest(), await guest()]
  const ann = await annPerson.device()
  const bobsPage = new RawClient(server.port)
  const { id, subscriptions } = await roomOf(ann, await bobPerson.device())
  for (const { centrifuge } of bobPerson.devices) centrifuge.disconnect()
  const isOnline = async () => (await onlineIn(ann, id)).includes(bobPerson.user?.id ?? "")
  await until(async () => !(await isOnline()), "who says goodbye is gone at once")

  const { token } = await bobPerson.session("GET")
  bobsPage.write(handshake("/connection/websocket"))
  await bobsPage.answered()
  bobsPage.write(frame(JSON.stringify({ id: 1, connect: { token } })))
  await until(() => bobsPage.texts.some((reply) => reply.includes('"connect"')), "the answer to connect")
  bobsPage.write(frame(JSON.stringify({ id: 2, subscribe: { channel: `chat:c:${id}` } })))
  await until(isOnline, "the page is there")

  const left: string[] = []
  subscriptions[0]?.on("leave", ({ info }) => void left.push(info.user))
  const droppedAtMs = performance.now()
  bobsPage.socket.destroy()
  const nextPage = await bobPerson.device()
  await nextPage.follow(`chat:c:${id}`)
  await until(async () => {
    expect(await isOnline()).toBe(true)
    return left.length > 0
  }, "the dropped connection is given up")
  expect(performance.now() - droppedAtMs).toBeGreaterThan(GRACE_MS * 0.9)
  expect(await isOnline()).toBe(true)
})

test("CHAT-23 a bare WebSocket in the lobby and the web chat hear each other", async () => {
  const ann = await (await guest()).device()
  const lobby = await ann.lobby()
  await ann.follow(lobby.channel)
  const socket = new WebSocket(`${server.wsUrl}/ws`)
  const heard: string[] = []
  socket.onmessage = ({ data }) => void heard.push(String(data))
  await until(() => socket.readyState === WebSocket.OPEN, "the bare socket is open")
  socket.send("hello from a tutorial")
  await until(() => ann.said().includes("hello from a tutorial"), "the web chat hears the bare socket")
  await say(ann, lobby.id, "hello from the chat")
  await until(() => heard.some((frame) => frame.includes("hello from the chat")), "the bare socket hears the web chat")
  socket.close()
})

test("CHAT-25 no client publishes into the chat's channels, or follows somebody else's", async () => {
  const [ann, bobPerson] = [await (await guest()).device(), await guest()]
  const { id } = await roomOf(ann)
  const forged = { type: "message", conversation_id: id, seq_head: 99, chg_head: 0 }
  const published = await ann.centrifuge.publish(`chat:c:${id}`, forged).catch((error: { code: number }) => error.code)
  expect(published).toBe(103)
  const spying = ann.centrifuge.newSubscription(`chat:u:${bobPerson.user?.id}`)
  const refused = await new Promise((resolve) => {
    spying.on("unsubscribed", ({ code }) => resolve(code))
    spying.subscribe()
  })
  expect(refused).toBe(103)
})

test("CHAT-2 what is stored is told: limits.max_payload_bytes is for publications, not for messages of the chat", async () => {
  const small = await TestServer.start({ env: { SKEIN_LIMITS_MAX_PAYLOAD_BYTES: "512" } })
  try {
    const [ann, bob] = [await Person.guest(small, "Ann"), await Person.guest(small, "Bob")]
    const [sender, listener] = [await ann.device(), await bob.device()]
    const lobby = await listener.lobby()
    await listener.follow(lobby.channel)
    await sender.lobby()
    const text = "雁".repeat(1_000)
    await sender.sendUntilAnswered(lobby.id, "a-long-message", text)
    await until(() => listener.said().includes(text), "the long message at the other")
    const refused = await small.api("publish", { channel: "public:news", data: text })
    expect(refused.error?.message).toContain("512")
    ann.close()
    bob.close()
  } finally {
    await small.stop()
  }
}, 60_000)
