import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { until } from "../support/until.ts"
import { API_KEY, type PlainServer, startPlain } from "./plain-server.ts"
import { ScriptClient } from "./script-client.ts"

let server: PlainServer
beforeAll(async () => {
  server = await startPlain({ presenceGraceMs: 100 })
})
afterAll(() => server.stop())

const open = (path = "/", headers: Record<string, string> = {}) => ScriptClient.open(server.url + path, headers)

describe("the lobby", () => {
  test("PLAIN-1, PLAIN-12, PLAIN-14: on every path everyone is in it and hears the others verbatim, not oneself", async () => {
    const everyone = [await open("/"), await open("/ws"), await open("/websocket")]
    const texts = [
      "hello",
      '{"user":"小明","text":"你好"}',
      "  spaces  ",
      '{"type":"update"',
      "[1,2]",
      '{"type":5}',
      "😀",
    ]
    const [speaker, ...others] = everyone
    for (const text of texts) speaker?.say(text)
    for (const other of others) {
      const heard = []
      for (const _ of texts) heard.push(await other.next())
      expect(heard).toEqual(texts)
    }
    expect(await speaker?.drain()).toEqual([])
    for (const client of everyone) client.close()
  })

  test("PLAIN-3: nothing comes unasked", async () => {
    const client = await open()
    expect(await client.drain()).toEqual([])
    client.close()
  })

  test("PLAIN-7: nothing said after open is missed, however slow letting in is", async () => {
    server.rooms.enteringMs = 20
    try {
      for (let round = 0; round < 10; round++) {
        const speaker = await open("/?user_id=1")
        await speaker.drain()
        const listener = await open("/?user_id=2")
        speaker.say(`round ${round}`)
        expect(await listener.next()).toBe(`round ${round}`)
        for (const client of [speaker, listener]) client.close()
      }
    } finally {
      server.rooms.enteringMs = 0
    }
  })

  test("PLAIN-16: what is said is stored, and what the web chat says is heard", async () => {
    const [one, two] = [await open("/?user_id=7"), await open()]
    one.say("from a bare socket")
    expect(await two.next()).toBe("from a bare socket")
    expect(server.rooms.byId.get("lobby")?.lines.at(-1)).toMatchObject({ senderId: "7", text: "from a bare socket" })
    await server.rooms.say({ userId: "web" }, "lobby", "from the web chat")
    for (const client of [one, two]) expect(await client.next()).toBe("from the web chat")
    for (const client of [one, two]) client.close()
  })

  test("PLAIN-16: what the chat refuses is refused here, and the connection lives on", async () => {
    const client = await open()
    client.say("x".repeat(4_001))
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 1002 })
    server.rooms.down = true
    client.say("hello")
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 1011 })
    server.rooms.down = false
    expect(await client.drain()).toEqual([])
    client.close()
  })

  test("PLAIN-17: other pushes of the chat are not carried", async () => {
    const client = await open()
    await client.drain()
    for (const type of ["change", "typing", "read", "member_joined", "member_left"])
      await server.rooms.push("lobby", { type, conversation_id: "lobby" })
    expect(await client.drain()).toEqual([])
    client.close()
  })

  test("a lobby that could not be entered is entered a little later, without a word from the client", async () => {
    server.rooms.down = true
    const client = await open("/?user_id=patient")
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 1011 })
    server.rooms.down = false
    const isIn = () => server.channels.hub.ofUser("patient")[0]?.subscriptions.has("chat:c:lobby")
    await until(() => isIn() === true, "it is let in")
    await server.rooms.say({ userId: "web" }, "lobby", "hello again")
    expect(await client.next()).toBe("hello again")
    client.close()
  })

  test("a lobby that could not be entered is entered when something is said", async () => {
    server.rooms.down = true
    const client = await open()
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 1011 })
    server.rooms.down = false
    const other = await open()
    client.say("here again")
    expect(await other.next()).toBe("here again")
    for (const each of [client, other]) each.close()
  })
})

describe("sender_echo", () => {
  test("PLAIN-14: with it the sender hears itself too", async () => {
    const echoing = await startPlain({ config: { senderEcho: true } })
    const client = await ScriptClient.open(echoing.url)
    client.say("hello")
    expect(await client.next()).toBe("hello")
    await echoing.stop()
  })
})

describe("rooms", () => {
  const english = { "Accept-Language": "en-US,en;q=0.9,zh;q=0.5" }
  let name = 0
  const newRoom = () => `r${++name}`

  test("PLAIN-18, PLAIN-15, PLAIN-36: joining is answered in the language of the client; the others get an object", async () => {
    const room = newRoom()
    const [one, two] = [await open("/?user_id=7"), await open("/?user_id=8", english)]
    one.command({ type: "join_room", room_id: room })
    expect(await one.nextJson()).toEqual({ type: "system", message: `已加入房间 ${room}` })
    two.command({ type: "join_room", room_id: room })
    expect(await two.nextJson()).toEqual({ type: "system", message: `Joined room ${room}` })
    const before = Math.floor(Date.now() / 1000)
    one.say('{"any":"thing"}')
    const said = await two.nextJson()
    expect(said).toEqual({ user_id: "7", message: '{"any":"thing"}', timestamp: expect.any(Number) })
    expect(said.timestamp).toBeWithin(before, Math.floor(Date.now() / 1000) + 1)
    expect(await one.drain()).toEqual([])
    for (const client of [one, two]) client.close()
  })

  test("PLAIN-12: moving ends hearing the room before", async () => {
    const room = newRoom()
    const [mover, stayer] = [await open(), await open()]
    mover.command({ type: "join_room", room_id: room })
    await mover.next()
    stayer.say("to the lobby")
    await stayer.drain()
    expect(await mover.drain()).toEqual([])
    mover.say("to the room")
    expect(await mover.drain()).toEqual([])
    expect(await stayer.drain()).toEqual([])
    for (const client of [mover, stayer]) client.close()
  })

  test("PLAIN-18: a number is a room too, a login with a room as well; joining twice is once", async () => {
    const client = await open()
    client.command({ type: "join_room", room_id: 12 })
    expect(await client.nextJson()).toEqual({ type: "system", message: "已加入房间 12" })
    client.command({ type: "login", room_id: "12", client_name: "小明" })
    expect(await client.nextJson()).toEqual({ type: "system", message: "已加入房间 12" })
    expect(client.frames).toEqual([])
    client.close()
  })

  test("PLAIN-13: a login without a room is said like any text", async () => {
    const [one, two] = [await open(), await open()]
    one.say('{"type":"login","name":"小明"}')
    expect(await two.next()).toBe('{"type":"login","name":"小明"}')
    for (const client of [one, two]) client.close()
  })

  test("PLAIN-19: a room that is not there; after a refusal one is where one was", async () => {
    const strict = await startPlain({ config: { createRooms: false } })
    const [one, two] = [await ScriptClient.open(strict.url), await ScriptClient.open(strict.url)]
    one.command({ type: "join_room", room_id: "nowhere" })
    expect(await one.nextJson()).toMatchObject({ type: "error", code: 404 })
    one.say("still in the lobby")
    expect(await two.next()).toBe("still in the lobby")
    await strict.stop()
  })

  for (const room_id of [undefined, "", "   ", "x".repeat(61), 1.5, null, {}, true])
    test(`PLAIN-18: room_id ${JSON.stringify(room_id)?.slice(0, 20)} is refused`, async () => {
      const client = await open()
      client.command({ type: "join_room", room_id })
      expect(await client.nextJson()).toMatchObject({ type: "error", code: 107 })
      client.close()
    })

  test("PLAIN-20: leaving brings one back to the lobby and ends the membership", async () => {
    const room = newRoom()
    const [one, two] = [await open("/?user_id=7"), await open()]
    one.command({ type: "join_room", room_id: room })
    await one.next()
    expect(server.rooms.byId.get(room)?.members.has("7")).toBe(true)
    one.command({ type: "leave_room" })
    expect(await one.nextJson()).toEqual({ type: "system", message: `已离开房间 ${room}` })
    one.say("back")
    expect(await two.next()).toBe("back")
    expect(server.rooms.byId.get(room)?.members.has("7")).toBe(false)
    one.command({ type: "leave_room" })
    expect(await one.nextJson()).toMatchObject({ type: "error", code: 107 })
    for (const client of [one, two]) client.close()
  })

  test("PLAIN-20: an anonymous client leaves too, a moving member stays one", async () => {
    const room = newRoom()
    const anonymous = await open()
    anonymous.command({ type: "join_room", room_id: room })
    await anonymous.next()
    anonymous.command({ type: "leave_room" })
    expect(await anonymous.nextJson()).toEqual({ type: "system", message: `已离开房间 ${room}` })
    const member = await open("/?user_id=9")
    member.command({ type: "join_room", room_id: room })
    member.command({ type: "join_room", room_id: "lobby" })
    await member.next()
    expect(await member.nextJson()).toEqual({ type: "system", message: "已加入房间 lobby" })
    expect(server.rooms.byId.get(room)?.members.has("9")).toBe(true)
    for (const client of [anonymous, member]) client.close()
  })

  test("PLAIN-21: leaving, moving, closing and dropping are told in each one's language; only for the last connection", async () => {
    const room = newRoom()
    const join = async (path: string, headers = {}) => {
      const client = await open(path, headers)
      client.command({ type: "join_room", room_id: room })
      await client.next()
      return client
    }
    const chinese = await join("/?user_id=1")
    const reader = await join("/?user_id=2", english)
    const told = async (name: string) => {
      expect(await chinese.nextJson()).toEqual({ type: "system", message: `${name} 离开了房间` })
      expect(await reader.nextJson()).toEqual({ type: "system", message: `${name} left the room` })
    }
    const [leaver, mover, closer, dropper] = [
      await join("/?user_id=leaver"),
      await join("/?user_id=mover"),
      await join("/?user_id=closer"),
      await join("/?user_id=dropper"),
    ]
    leaver?.command({ type: "leave_room" })
    await told("leaver")
    mover?.command({ type: "join_room", room_id: "elsewhere" })
    await told("mover")
    closer?.close(1000)
    await told("closer")
    dropper?.drop()
    await told("dropper")
    const first = await join("/?user_id=two-tabs")
    const second = await join("/?user_id=two-tabs")
    first.close(1000)
    second.say("still here")
    expect(await chinese.nextJson()).toMatchObject({ user_id: "two-tabs", message: "still here" })
    second.close(1000)
    expect(await chinese.nextJson()).toEqual({ type: "system", message: "two-tabs 离开了房间" })
    for (const client of [chinese, reader, leaver, mover]) client?.close()
  })

  test("PLAIN-21: in the lobby it is not told; a guest is called by name elsewhere", async () => {
    const room = newRoom()
    const listener = await open()
    const guest = await open()
    await guest.drain()
    guest.command({ type: "join_room", room_id: room })
    await guest.next()
    expect(await listener.drain()).toEqual([])
    listener.command({ type: "join_room", room_id: room })
    await listener.next()
    guest.close(1000)
    expect((await listener.nextJson()).message).toMatch(/^Guest \w{4} 离开了房间$/)
    listener.close()
  })

  test("PLAIN-22: taken out of a room one is told and in the lobby", async () => {
    const room = newRoom()
    const [one, two] = [await open("/?user_id=7"), await open()]
    one.command({ type: "join_room", room_id: room })
    await one.next()
    await server.rooms.leave({ userId: "7" }, room)
    expect(await one.nextJson()).toEqual({ type: "system", message: `已离开房间 ${room}` })
    await one.drain()
    one.say("back")
    expect(await two.next()).toBe("back")
    for (const client of [one, two]) client.close()
  })

  test("PLAIN-29: the history of a room", async () => {
    const room = newRoom()
    const client = await open("/?user_id=7")
    client.command({ type: "join_room", room_id: room })
    for (const text of ["one", "two", "three"]) client.say(text)
    client.command({ type: "history", limit: 2 })
    await client.next()
    expect(await client.nextJson()).toEqual({
      type: "history",
      room_id: room,
      messages: [
        { user_id: "7", message: "two", timestamp: expect.any(Number) },
        { user_id: "7", message: "three", timestamp: expect.any(Number) },
      ],
    })
    client.command({ type: "history", room_id: room, limit: 1 })
    expect(await client.nextJson()).toMatchObject({ room_id: room, messages: [{ message: "three" }] })
    client.command({ type: "history", room_id: "lobby" })
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 1001 })
    client.close()
  })
})

describe("keeping alive", () => {
  test("PLAIN-31: heartbeats of tutorials are answered, and never said", async () => {
    const [one, two] = [await open(), await open()]
    one.command({ type: "ping" })
    one.command({ type: "heartbeat", time: 5 })
    one.say("ping")
    one.command({ type: "pong" })
    for (const answer of ['{"type":"pong"}', '{"type":"pong"}', "pong"]) expect(await one.next()).toBe(answer)
    one.say("ping!")
    expect(await two.next()).toBe("ping!")
    expect(await one.drain()).toEqual([])
    for (const client of [one, two]) client.close()
  })
})

describe("who", () => {
  test("PLAIN-8, PLAIN-9: a token says who; a bad one is refused with 3500 and its cause", async () => {
    const good = await open(`/?token=${await server.sign({ sub: "42" }, 60)}&user_id=7`)
    good.say("hello")
    await good.drain()
    expect(server.rooms.byId.get("lobby")?.lines.at(-1)).toMatchObject({ senderId: "42", text: "hello" })
    for (const [query, code] of [
      ["token=x.y.z", 101],
      [`token=${await server.sign({ sub: "42" }, -1)}`, 109],
      ["api_key=wrong", 101],
    ] as const) {
      const bad = await open(`/?${query}`)
      bad.say("this is never said")
      expect(await bad.nextJson()).toMatchObject({ type: "error", code })
      expect(await bad.gone()).toMatchObject({ code: 3500 })
    }
    expect(server.rooms.byId.get("lobby")?.lines.at(-1)).toMatchObject({ text: "hello" })
    good.close()
  })

  test("PLAIN-9: an identity that ends closes the connection with 3005", async () => {
    // Tokens say when they end to the second: of one second as little may be left as connecting takes.
    const client = await open(`/?token=${await server.sign({ sub: "42" }, 3)}`)
    expect(await client.gone()).toMatchObject({ code: 3005 })
  })

  test("PLAIN-10: where no anonymous clients are taken", async () => {
    const strict = await startPlain({ config: { allowAnonymous: false } })
    strict.rooms.takesGuests = false
    const nobody = await ScriptClient.open(strict.url)
    expect(await nobody.nextJson()).toMatchObject({ type: "error", code: 103 })
    expect(await nobody.gone()).toMatchObject({ code: 3507 })
    const backEnd = await ScriptClient.open(`${strict.url}/?api_key=${API_KEY}`)
    backEnd.say("I am in no room")
    expect(await backEnd.nextJson()).toMatchObject({ type: "error", code: 101 })
    await strict.stop()
  })

  test("a user's sixth connection is one too many", async () => {
    const five = []
    for (let n = 0; n < 5; n++) five.push(await open("/?user_id=many"))
    const sixth = await open("/?user_id=many")
    expect(await sixth.nextJson()).toMatchObject({ type: "error", code: 106 })
    expect(await sixth.gone()).toMatchObject({ code: 3504 })
    for (const client of five) client.close()
  })

  test("without chat there are channels and no rooms", async () => {
    const bare = await startPlain({ withoutRooms: true })
    const client = await ScriptClient.open(bare.url)
    client.say("hello?")
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 108 })
    client.command({ type: "subscribe", channel: "news" })
    expect(await client.nextJson()).toEqual({ type: "subscribed", channel: "news" })
    await bare.stop()
  })
})

describe("the end", () => {
  test("PLAIN-5: frames sent right before closing are carried out", async () => {
    const listener = await open()
    await listener.drain()
    const hasty = await open("/?user_id=hasty")
    for (const text of ["a", "b", "c"]) hasty.say(text)
    hasty.close()
    for (const text of ["a", "b", "c"]) expect(await listener.next()).toBe(text)
    listener.close()
  })

  test("PLAIN-37: on shutdown 3001", async () => {
    const other = await startPlain()
    const client = await ScriptClient.open(other.url)
    await other.gateway.drain(0)
    expect(await client.gone()).toEqual({ code: 3001, reason: "shutdown" })
    await other.stop()
  })

  test("nothing is left of those who went", async () => {
    const { hub } = server.channels
    await until(() => hub.connectionCount === 0, "those of the tests before are forgotten")
    const clients = await Promise.all(Array.from({ length: 20 }, () => open()))
    await until(() => hub.connectionCount === 20, "all are let in")
    for (const client of clients) client.close()
    await until(() => hub.connectionCount === 0, "all connections are forgotten")
  })
})
