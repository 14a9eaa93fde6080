import { afterAll, beforeAll, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { API_KEY, TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { answeredApart, frame, handshake, RawClient } from "./raw-client.ts"
import { ScriptClient } from "./script-client.ts"
import { WebChat } from "./web-chat.ts"

const PUSH_PHP = join(import.meta.dir, "../../../examples/plain-chat/push.php")

let server: TestServer
beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server.stop())

const open = (path = "/ws", headers: Record<string, string> = {}) => ScriptClient.open(server.wsUrl + path, headers)

test("PLAIN-14, PLAIN-16: the tutorial's two pages talk, and the web chat has it", async () => {
  const chat = await WebChat.signIn(server.url, "Web")
  const [one, two] = [await open("/?user_id=7"), await open("/websocket")]
  one.say("大家好")
  expect(await two.next()).toBe("大家好")
  two.say("hello from a guest")
  expect(await one.next()).toBe("hello from a guest")
  const messages = await chat.messages("lobby")
  expect(messages.slice(-2)).toMatchObject([{ sender_id: "7", body: "大家好" }, { body: "hello from a guest" }])
  await chat.say("lobby", "hello from the web")
  for (const client of [one, two]) {
    expect(await client.next()).toBe("hello from the web")
    client.close()
  }
})

test("PLAIN-15, PLAIN-18, PLAIN-21: a room of one's own", async () => {
  const [one, two] = [await open("/?user_id=8"), await open("/?user_id=9", { "Accept-Language": "en" })]
  for (const client of [one, two]) client.command({ type: "join_room", room_id: "tea" })
  expect(await one.nextJson()).toEqual({ type: "system", message: "已加入房间 tea" })
  expect(await two.nextJson()).toEqual({ type: "system", message: "Joined room tea" })
  one.say("oolong?")
  expect(await two.nextJson()).toEqual({ user_id: "8", message: "oolong?", timestamp: expect.any(Number) })
  one.close(1000)
  expect((await two.nextJson()).message).toEndWith("left the room")
  two.close()
})

test("PLAIN-7: nothing said after open is missed", async () => {
  const speaker = await open("/?user_id=10")
  await speaker.drain()
  for (let round = 0; round < 10; round++) {
    const listener = await open(`/?user_id=listener-${round}`)
    speaker.say(`round ${round}`)
    expect(await listener.next()).toBe(`round ${round}`)
    listener.close()
  }
  speaker.close()
})

test("PLAIN-30: a PHP program pushes with nothing but its own streams", async () => {
  const page = await open()
  page.command({ type: "subscribe", channel: "global_updates" })
  expect(await page.nextJson()).toEqual({ type: "subscribed", channel: "global_updates" })
  const update = '{"type":"update_notification","channel":"global_updates","message":"新版本","timestamp":1763596800}'
  const { status, stderr } = spawnSync("php", [PUSH_PHP, `127.0.0.1:${server.port}`, update], {
    env: { ...process.env, SKEIN_API_KEY: API_KEY },
    encoding: "utf8",
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  expect(await page.next()).toBe(update)
  page.close()
})

test("PLAIN-23, PLAIN-24: what the HTTP API publishes arrives as it is", async () => {
  const page = await open()
  page.command({ type: "subscribe", channel: "stream:news" })
  expect(await page.nextJson()).toMatchObject({ type: "subscribed", channel: "stream:news", offset: 0 })
  await server.api("publish", { channel: "stream:news", data: { title: "Hello" } })
  expect(await page.nextJson()).toEqual({ title: "Hello" })
  page.command({ type: "history", channel: "stream:news" })
  expect(await page.nextJson()).toMatchObject({ publications: [{ offset: 1, data: { title: "Hello" } }] })
  page.close()
})

test("PLAIN-4, PLAIN-6: everything in the packet of the handshake", async () => {
  await answeredApart(async () => {
    const client = new RawClient(server.port)
    const early = ['{"type":"join_room","room_id":"early"}', "first words"].map((text) => frame(text))
    client.write(Buffer.concat([Buffer.from(handshake("/", { Upgrade: undefined })), ...early]))
    const [answer] = await until(() => client.texts.length > 0 && client.texts, "the join is answered")
    expect(JSON.parse(answer ?? "")).toEqual({ type: "system", message: "已加入房间 early" })
    client.socket.destroy()
    return client
  })
})

test("a restart loses nothing that was said", async () => {
  const speaker = await open("/?user_id=11")
  const listener = await open()
  speaker.say("before the crash")
  expect(await listener.next()).toBe("before the crash")
  await server.kill()
  await server.begin()
  const back = await open("/?user_id=11")
  back.command({ type: "history", limit: 1 })
  expect(await back.nextJson()).toMatchObject({ messages: [{ user_id: "11", message: "before the crash" }] })
  back.close()
})
