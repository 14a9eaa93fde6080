import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { EventSource } from "eventsource"
import WebSocket from "ws"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { jwt, QUICK_PINGS, startServer } from "./support.ts"

/** Clients without an SDK: pushes as they are, on three transports. */

let server: TestServer
beforeAll(async () => {
  // Nobody pongs here, so nobody can be late.
  server = await startServer(QUICK_PINGS)
})
afterAll(() => server?.stop())

type Push = Record<string, unknown>

/** Opens, and collects the pushes until `close`. */
interface Listening {
  readonly pushes: Push[]
  isOver(): boolean
  close(): void
}

function listenEvents(request: object): Listening {
  const pushes: Push[] = []
  let over = false
  const source = new EventSource(
    `${server.url}/connection/uni_sse?cf_connect=${encodeURIComponent(JSON.stringify(request))}`,
  )
  source.onmessage = ({ data }) => void pushes.push(JSON.parse(data))
  source.onerror = () => {
    over = true
    source.close()
  }
  return { pushes, isOver: () => over, close: () => source.close() }
}

function listenSocket(request: object, inAddress: boolean): Listening {
  const pushes: Push[] = []
  const text = JSON.stringify(request)
  const query = inAddress ? `?cf_connect=${encodeURIComponent(text)}` : ""
  const socket = new WebSocket(`${server.wsUrl}/connection/uni_websocket${query}`)
  if (!inAddress) socket.on("open", () => socket.send(text))
  socket.on(
    "message",
    (data) =>
      void pushes.push(
        ...String(data)
          .split("\n")
          .map((line) => JSON.parse(line)),
      ),
  )
  socket.on("error", () => undefined)
  return { pushes, isOver: () => socket.readyState === WebSocket.CLOSED, close: () => socket.close() }
}

function listenStream(request: object): Listening {
  const pushes: Push[] = []
  let over = false
  const abort = new AbortController()
  const read = async () => {
    const response = await fetch(`${server.url}/connection/uni_http_stream`, {
      method: "POST",
      body: JSON.stringify(request),
      signal: abort.signal,
    })
    let rest = ""
    for await (const chunk of response.body ?? []) {
      const lines = (rest + new TextDecoder().decode(chunk as Uint8Array)).split("\n")
      rest = lines.pop() ?? ""
      pushes.push(...lines.map((line) => JSON.parse(line)))
    }
    over = true
  }
  read().catch(() => {
    over = true
  })
  return { pushes, isOver: () => over, close: () => abort.abort() }
}

const KINDS: [string, (request: object) => Listening][] = [
  ["uni_sse", listenEvents],
  ["uni_http_stream", listenStream],
  ["uni_websocket, connect as first message", (request) => listenSocket(request, false)],
  ["uni_websocket, connect in the address", (request) => listenSocket(request, true)],
]

let rooms = 0

describe.each(KINDS)("%s", (_name, listen) => {
  test("gets the connect push, its subscriptions, publications, pings and its end", async () => {
    const channel = `room:uni${rooms++}`
    const user = `u${rooms}`
    await server.api("publish", { channel, data: 1 })
    const listening = listen({ token: await jwt({ sub: user }), subs: { [channel]: {}, "nowhere:x": {} } })
    const { pushes } = listening
    await until(() => pushes.some(({ subscribe }) => subscribe !== undefined), "the subscribe push")
    // Before the assertions: Bun 1.4.4 writes its matchers into what it compares.
    const { session } = (pushes[0] as { connect: { session: string } }).connect
    expect(pushes[0]).toMatchObject({ connect: { client: expect.any(String), session: expect.any(String), ping: 1 } })
    expect(pushes[0]?.connect).not.toContainKey("pong")
    expect(pushes[1]).toMatchObject({ channel, subscribe: { recoverable: true, offset: 1, epoch: expect.any(String) } })
    await server.api("publish", { channel, data: { n: 2 } })
    await until(() => pushes.some(({ pub }) => pub !== undefined), "the publication")
    expect(pushes).toContainEqual({ channel, pub: { data: { n: 2 }, offset: 2 } })
    expect(pushes).toContainEqual({
      channel: "nowhere:x",
      unsubscribe: { code: 2000, reason: expect.stringContaining("nowhere:x") },
    })
    // Two pings without a pong, and still here.
    await until(() => pushes.filter((push) => Object.keys(push).length === 0).length >= 2, "two pings")
    await server.api("disconnect", { session, disconnect: { code: 4001, reason: "enough" } })
    await until(() => listening.isOver(), "its end")
    if (!_name.startsWith("uni_websocket"))
      expect(pushes.at(-1)).toEqual({ disconnect: { code: 4001, reason: "enough" } })
    listening.close()
  })

  test("recovers from the position it brings", async () => {
    const channel = `room:uni${rooms++}`
    const made = await server.api("publish", { channel, data: 1 })
    await server.api("publish", { channel, data: 2 })
    const subs = { [channel]: { recover: true, offset: 1, epoch: made.result?.epoch } }
    const listening = listen({ subs })
    await until(() => listening.pushes.some(({ pub }) => pub !== undefined), "the missed publication")
    expect(listening.pushes[1]).toMatchObject({
      channel,
      subscribe: { offset: 1, was_recovering: true, recovered: true },
    })
    expect(listening.pushes[2]).toEqual({ channel, pub: { data: 2, offset: 2 } })
    listening.close()
  })

  test("is told when what it missed is gone", async () => {
    const channel = `short:uni${rooms++}`
    for (const data of [1, 2, 3, 4]) await server.api("publish", { channel, data })
    const listening = listen({ subs: { [channel]: { recover: true, offset: 1, epoch: "" } } })
    const told = () => listening.pushes.find((push) => push.subscribe !== undefined)
    const { subscribe } = (await until(told, "the subscribe push")) as { subscribe: Record<string, unknown> }
    expect(subscribe).toMatchObject({ offset: 4, was_recovering: true })
    expect(subscribe).not.toContainKey("recovered")
    await server.api("publish", { channel, data: 5 })
    await until(() => listening.pushes.some(({ pub }) => pub !== undefined), "what comes after")
    expect(listening.pushes.filter(({ pub }) => pub !== undefined)).toEqual([{ channel, pub: { data: 5, offset: 5 } }])
    listening.close()
  })

  test("learns why it may not connect", async () => {
    const listening = listen({ token: await jwt({ sub: "x" }, -10) })
    await until(() => listening.isOver(), "its end")
    if (!_name.startsWith("uni_websocket"))
      expect(listening.pushes).toEqual([{ disconnect: { code: 3005, reason: "connection expired" } }])
    listening.close()
  })
})
