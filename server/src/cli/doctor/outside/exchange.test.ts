import { afterEach, expect, test } from "bun:test"
import { createServer, type Server, type Socket } from "node:net"
import { exchange, type Outcome } from "./exchange.ts"

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** What comes of a server that does this once it is asked. */
async function asked(answer: (socket: Socket, request: string) => void, deadlineMs = 5_000): Promise<Outcome> {
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on("error", () => socket.destroy())
    socket.once("data", (bytes) => answer(socket, bytes.toString()))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  return exchange(new URL(`http://127.0.0.1:${port}/path?query`), { "X-Header": "text" }, deadlineMs)
}

test("an answer with a length, in chunks, and to the end of the connection", async () => {
  const head = "HTTP/1.1 200 OK\r\nServer: x\r\n"
  const whole = { kind: "answer", status: 200, body: "hello" }
  expect(await asked((socket) => socket.write(`${head}Content-Length: 5\r\n\r\nhello`))).toMatchObject(whole)
  expect(await asked((socket) => socket.end(`${head}\r\nhello`))).toMatchObject(whole)
  const chunks = "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
  const chunked = await asked((socket) => socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`))
  expect(chunked).toMatchObject({ status: 200, body: expect.stringMatching(/^hello/) })
  let request = ""
  await asked((socket, text) => {
    request = text
    socket.end(`${head}\r\n`)
  })
  expect(request).toStartWith("GET /path?query HTTP/1.1\r\nHost: 127.0.0.1:")
  expect(request).toContain("\r\nX-Header: text\r\n")
})

test("whatever is no answer has a name", async () => {
  const silent = (code: string) => ({ kind: "silence", stage: "answer", code }) as const
  expect(await asked((socket) => socket.end())).toEqual(silent("CLOSED"))
  expect(await asked((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"))).toEqual(silent("NOT_HTTP"))
  expect(await asked(() => undefined, 50)).toEqual(silent("ETIMEDOUT"))
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
  expect(await asked((socket) => socket.write(settings))).toEqual(silent("HTTP2"))
  const goAway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  expect(await asked((socket) => socket.end(goAway))).toEqual(silent("HTTP2"))
})

test("an answer without an end is not read to its end", async () => {
  const forever = (start: string) => (socket: Socket) => {
    socket.write(start)
    // Far more than anybody should read, and yet an end: a socket that is gone may go on to call back (Bun 1.4.4).
    const more = (left: number): void => {
      if (left === 0 || !socket.writable || socket.destroyed) return
      socket.write("x".repeat(16_384), (error) => {
        if (!error) setImmediate(more, left - 1)
      })
    }
    more(4_000)
  }
  const body = await asked(forever("HTTP/1.1 200 OK\r\n\r\n"))
  expect(body).toMatchObject({ kind: "answer", status: 200 })
  const head = await asked(forever("HTTP/1.1 200 OK\r\nX: "))
  expect(head.kind).toBe("silence")
})
