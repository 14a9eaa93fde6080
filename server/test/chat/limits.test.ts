import { afterAll, beforeAll, expect, test } from "bun:test"
import { TestServer } from "../support/server.ts"
import { type Device, Person } from "./person.ts"

let server: TestServer
beforeAll(async () => {
  server = await TestServer.start({
    env: {
      SKEIN_CHAT_MAX_ROOMS: "2",
      SKEIN_CHAT_MESSAGES_PER_SECOND: "1",
      SKEIN_CHAT_MESSAGE_BURST: "3",
      SKEIN_CHAT_REQUESTS_PER_SECOND: "1",
      SKEIN_CHAT_REQUEST_BURST: "4",
      SKEIN_CHAT_ROOMS_PER_HOUR: "1",
      SKEIN_CHAT_GUESTS_PER_MINUTE: "1",
      SKEIN_CHAT_GUEST_BURST: "3",
      SKEIN_CHAT_MAX_TEXT_LENGTH: "20",
    },
  })
})
afterAll(() => server.stop())

interface Refusal {
  readonly code: number
  readonly message: string
}

/** Calls until it is refused, which must happen before the `most`th time. */
async function refusalOf(call: () => Promise<unknown>, most = 1): Promise<Refusal> {
  for (let n = 0; n < most; n++) {
    try {
      await call()
    } catch (error) {
      return error as Refusal
    }
  }
  throw new Error(`not refused within ${most} calls`)
}

const metOf = async (name: string): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(new RegExp(`^skein_limits_total\\{limit="${name.replace(".", "\\.")}"\\} (\\d+)`, "m").exec(text)?.[1])
}

test("CHAT-24 what the chat bounds has a setting; a refusal names it and is counted under it", async () => {
  const person = await Person.guest(server, "Ann")
  const device: Device = await person.device()
  const { id } = await device.lobby()
  const say = (text: string) => device.call("chat.send", { conversation_id: id, client_id: crypto.randomUUID(), text })
  let rooms = 0
  const open = () => device.call("chat.rooms.create", { name: `Room ${rooms++}` })
  let guests = 0
  const guest = async () => {
    const response = await fetch(`${server.url}/chat/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: `Guest ${guests++}` }),
    })
    if (!response.ok) throw ((await response.json()) as { error: Refusal }).error
  }
  // The lobby is the first room.
  await open()
  const refused: Record<string, Refusal> = {
    "chat.max_rooms": await refusalOf(open),
    "chat.rooms_per_hour": await refusalOf(async () => {
      const refusal = await refusalOf(open)
      if (refusal.code === 111) throw refusal
    }, 20),
    "chat.max_text_length": await refusalOf(() => say("far more than twenty characters")),
    "chat.messages_per_second": await refusalOf(() => say("hi"), 100),
    "chat.requests_per_second": await refusalOf(() => device.call("chat.rooms.list", {}), 100),
    "chat.guests_per_minute": await refusalOf(guest, 20),
  }
  expect(Object.fromEntries(Object.entries(refused).map(([name, { code }]) => [name, code]))).toEqual({
    "chat.max_rooms": 106,
    "chat.rooms_per_hour": 111,
    "chat.max_text_length": 1002,
    "chat.messages_per_second": 111,
    "chat.requests_per_second": 111,
    "chat.guests_per_minute": 111,
  })
  for (const [name, { message }] of Object.entries(refused)) {
    expect(message).toContain(`(${name})`)
    expect(await metOf(name)).toBeGreaterThan(0)
  }
  person.close()
})
