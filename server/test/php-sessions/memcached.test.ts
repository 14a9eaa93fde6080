import { afterEach, describe, expect, test } from "bun:test"
import { createServer, type Server, type Socket } from "node:net"
import { memcachedString } from "../../src/auth/php/memcached-item.ts"
import { memcachedStore } from "../../src/auth/php/stores/memcached.ts"
import { SkeinError } from "../../src/core/errors.ts"
import { freePort } from "../support/ports.ts"
import { type Service, startMemcached } from "./services.ts"
import { phpOutput } from "./site.ts"

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

/** A server that says what the test lets it say. */
async function liar(answer: (socket: Socket, question: string) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.on("data", (bytes) => answer(socket, String(bytes)))
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return port
}

function storeAt(...ports: number[]) {
  return patientStoreAt(10_000, ...ports)
}

function patientStoreAt(timeoutMs: number, ...ports: number[]) {
  const store = memcachedStore(
    ports.map((port) => ({ host: "127.0.0.1", port })),
    timeoutMs,
  )
  open.push(store)
  return store
}

async function memcached(): Promise<Service> {
  const service = await startMemcached()
  open.push({ close: () => service.stop() })
  return service
}

/** Why it could not be asked: for the log, while clients are told nothing of it. */
async function whyNot(asking: Promise<unknown>): Promise<string> {
  const error = await asking.catch((reason: unknown) => reason)
  if (!(error instanceof SkeinError)) throw new Error("it was asked", { cause: error })
  expect(error.message).toBe("the site's sessions cannot be read at the moment")
  return (error.cause as Error).message
}

describe("memcached", () => {
  test("answers in pieces, and many questions at once", async () => {
    const port = await liar((socket, questions) => {
      for (const [, key = ""] of questions.matchAll(/get (\S+)\r\n/g)) {
        const reply = `VALUE ${key} 48 ${key.length}\r\n${key}\r\nEND\r\n`
        for (const piece of reply.match(/.{1,3}/gs) ?? []) socket.write(piece)
      }
    })
    const store = storeAt(port)
    const answers = await Promise.all(["a", "bb", "ccc"].map((key) => store.read(key)))
    expect(answers.map((answer) => [String(answer?.bytes), answer?.flags])).toEqual([
      ["a", 48],
      ["bb", 48],
      ["ccc", 48],
    ])
  })

  test("that claims more than any session has is cut off", async () => {
    const port = await liar((socket) => socket.write("VALUE k 0 4000000000\r\n"))
    expect(await whyNot(storeAt(port).read("k"))).toContain("4000000000 bytes")
  })

  test("that never ends its line is cut off", async () => {
    const port = await liar((socket) => socket.write("x".repeat(600)))
    expect(await whyNot(storeAt(port).read("k"))).toContain("no end")
  })

  test("that answers nonsense is an outage", async () => {
    const port = await liar((socket) => socket.write("ERROR\r\n"))
    const failure = await storeAt(port)
      .read("k")
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(SkeinError)
    expect((failure as SkeinError).temporary).toBe(true)
  })

  test("that is silent is an outage, and its late answer is not taken for the next one", async () => {
    let answerLate: (() => void) | undefined
    const port = await liar((socket) => {
      if (answerLate) socket.write("VALUE b 0 1\r\nY\r\nEND\r\n")
      answerLate ??= () => socket.write("VALUE a 0 1\r\nX\r\nEND\r\n")
    })
    const store = patientStoreAt(2_000, port)
    expect(await whyNot(store.read("a"))).toContain("no answer within 2000 ms")
    answerLate?.()
    expect(String((await store.read("b"))?.bytes)).toBe("Y")
  })

  test("that is not there is an outage; a session that no server has is nobody only when all answer", async () => {
    const service = await memcached()
    expect(await whyNot(storeAt(await freePort()).read("k"))).toContain("")
    expect(await whyNot(storeAt(service.port, await freePort()).read("k"))).toContain("")
    expect(await storeAt(service.port).read("k")).toBeUndefined()
  })

  test("keys that are no keys are never sent", async () => {
    const questions: string[] = []
    const port = await liar((_, question) => questions.push(question))
    const store = storeAt(port)
    for (const key of ["", "a b", "a\r\nflush_all", "x".repeat(251)]) expect(await store.read(key)).toBeUndefined()
    expect(questions).toEqual([])
  })
})

describe("long values that ext-memcached compresses", () => {
  for (const type of ["COMPRESSION_FASTLZ", "COMPRESSION_ZLIB"])
    for (const words of [200, 3_000, 30_000])
      test(`${type}, ${words} words`, async () => {
        const service = await memcached()
        const script = `
          $m = new Memcached(); $m->addServer('127.0.0.1', ${service.port});
          $m->setOption(Memcached::OPT_COMPRESSION_TYPE, Memcached::${type});
          mt_srand(7); $text = '';
          for ($i = 0; $i < ${words}; $i++) $text .= ['雁', 'goose ', 'skein ', str_repeat('a', mt_rand(0, 40))][mt_rand(0, 3)] . mt_rand(0, 99);
          if (!$m->set('long', $text)) exit('not stored');
          echo hash('sha256', $text);`
        const hash = await phpOutput(script)
        const item = await storeAt(service.port).read("long")
        expect(item?.flags).toBeGreaterThan(16)
        const text = memcachedString(item?.bytes ?? new Uint8Array(0), item?.flags ?? 0)
        expect(new Bun.CryptoHasher("sha256").update(text).digest("hex")).toBe(hash)
      })
})
