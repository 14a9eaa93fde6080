import { afterAll, beforeAll, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, startServer } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({}, { env: { SKEIN_DRAIN_WINDOW: "0s" } })
})
afterAll(() => server.stop())

/** The lines of one streamed response, as they come. */
async function stream(key = APP.key, session = "7/0123abcd") {
  const path = `/pusher/app/${key}/${session}/xhr_streaming?protocol=7&client=js&version=8.6.0`
  const response = await fetch(`${server.url}${path}`, { method: "POST" })
  const lines: string[] = []
  let isOver = false
  const read = async () => {
    let text = ""
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk)
      const complete = text.split("\n")
      text = complete.pop() ?? ""
      lines.push(...complete)
    }
    isOver = true
  }
  void read()
  return {
    response,
    lines,
    next: (start: string) => until(() => lines.find((line) => line.startsWith(start)), start),
    end: () => until(() => isOver, "the end"),
  }
}

const send = (body: string, session = "7/0123abcd") =>
  fetch(`${server.url}/pusher/app/${APP.key}/${session}/xhr_send?t=1&n=1`, { method: "POST", body })

test("opens with o, messages come in a, go up by xhr_send, heartbeats say nothing", async () => {
  const { response, lines, next } = await stream()
  expect(response.headers.get("access-control-allow-origin")).toBe("*")
  expect(await next("a")).toContain("pusher:connection_established")
  expect(lines[0]).toBe("o")
  expect((await send("[]")).status).toBe(204)
  expect((await send(JSON.stringify([JSON.stringify({ event: "pusher:ping", data: {} })]))).status).toBe(204)
  await until(() => lines.some((line) => line.includes("pusher:pong")), "a pong")
})

test("a refused client is told, and the stream ends with its code", async () => {
  const { lines, next, end } = await stream("nobody", "8/0123abcd")
  expect(await next("c")).toStartWith("c[4001,")
  await end()
  expect(lines[1]).toContain("pusher:error")
  expect((await send("[]", "8/0123abcd")).status).toBe(404)
})

test("what is no list of messages is refused, as is a stream that is not open", async () => {
  await stream(APP.key, "9/0123abcd")
  for (const body of ["", "{}", "[1]", "x"]) expect((await send(body, "9/0123abcd")).status).toBe(400)
  expect((await send("[]", "9/00000000")).status).toBe(404)
})

test("browsers may ask first", async () => {
  const path = `/pusher/app/${APP.key}/7/0123abcd/xhr_streaming`
  const response = await fetch(`${server.url}${path}`, { method: "OPTIONS", headers: { Origin: "https://a.example" } })
  expect(response.headers.get("access-control-allow-origin")).toBe("*")
  expect(response.headers.get("access-control-allow-headers")).toBe("*")
})

test("draining ends streams with 4200", async () => {
  const { next, end } = await stream(APP.key, "10/0123abcd")
  await next("a")
  const ended = server.terminate()
  expect(await next("c")).toStartWith("c[4200,")
  await end()
  expect(await ended).toBe(0)
})
