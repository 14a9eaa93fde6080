import { afterEach, expect, test } from "bun:test"
import type { WebhookEndpoint } from "../event.ts"
import { send } from "./send.ts"

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** An endpoint that answers so, and a delivery to it. */
function endpoint(respond: (request: Request) => Response | Promise<Response>) {
  const received: Headers[] = []
  const site = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      received.push(new Headers(request.headers))
      return respond(request)
    },
  })
  stops.push(() => site.stop(true))
  const address = `http://127.0.0.1:${site.port}/hook`
  const deliver = (timeoutMs = 30_000, url = address, signal = new AbortController().signal) => {
    const to = { url, key: "the-key", secret: "the-secret", timeoutMs } as WebhookEndpoint
    return send({ endpoint: to, id: "id-1", attempt: 2, body: '{"time_ms":1,"events":[]}' }, signal)
  }
  return { address, deliver, received }
}

const failure = (delivery: Promise<void>) =>
  delivery.then(
    () => "delivered",
    (error: Error) => error.message,
  )

test("2xx is delivered, whatever the answer says; anything else is not", async () => {
  for (const status of [200, 201, 204]) {
    const { deliver, received } = endpoint(() => new Response(null, { status }))
    await deliver()
    expect(received[0]?.get("x-skein-attempt")).toBe("2")
    expect(received[0]?.get("x-skein-delivery")).toBe("id-1")
  }
  for (const status of [400, 404, 500, 503])
    expect(await failure(endpoint(() => new Response("no", { status })).deliver())).toBe(`answered ${status}`)
})

test("an endpoint that does not answer is given up after its time", async () => {
  const { deliver } = endpoint(() => new Promise(() => undefined))
  expect(await failure(deliver(50))).toBe("no answer within 50 ms")
})

test("what is wrong with the line is said to whoever runs the endpoint, without advice for programmers", async () => {
  const rude = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => socket.terminate() } })
  stops.push(() => rude.stop(true))
  const { deliver } = endpoint(() => new Response())
  expect(await failure(deliver(30_000, `http://127.0.0.1:${rude.port}/`))).toBe(
    "ECONNRESET: the connection was closed before an answer came",
  )
  expect(await failure(deliver(30_000, "http://127.0.0.1:1/"))).toBe("ECONNREFUSED: nothing listens at this address")
})

test("an answer without an end holds up nothing", async () => {
  const { deliver } = endpoint(
    () => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1_024)) })),
  )
  await deliver()
})

test("a redirect is not followed, also not to the same host: what is sent is signed for the address configured", async () => {
  const inside = endpoint(() => new Response("secret of the inside"))
  for (const status of [301, 302, 303, 307, 308]) {
    const { deliver } = endpoint(() => new Response(null, { status, headers: { Location: inside.address } }))
    expect(await failure(deliver())).toContain(`answered ${status} to ${inside.address}: redirects are not followed`)
  }
  expect(inside.received).toEqual([])
})

test("nobody there, and an end of the process, are failures too", async () => {
  const { deliver } = endpoint(() => new Promise(() => undefined))
  expect(await failure(deliver(30_000, "http://127.0.0.1:1/hook"))).not.toBe("delivered")
  const ending = new AbortController()
  const delivery = deliver(30_000, undefined, ending.signal)
  ending.abort()
  expect(await failure(delivery)).not.toBe("delivered")
})
