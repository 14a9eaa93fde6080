import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { SkeinError } from "../../core/errors.ts"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { byCallback, type CallbackOptions, SiteCallback } from "./callback.ts"

/** A site that answers what the test says, and keeps what it was asked. */
let respond: (cookies: string) => Response | Promise<Response>
let asked: string[]
let said: string[]
let clock: FakeClock
let site: ReturnType<typeof Bun.serve>

beforeEach(() => {
  asked = []
  said = []
  clock = new FakeClock(1_800_000_000_000)
  respond = (cookies) =>
    Response.json(cookies.includes("login=7") ? { id: 7, name: "张伟", session: "s7" } : { id: null })
  site = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const cookies = request.headers.get("cookie") ?? ""
      asked.push(cookies)
      return respond(cookies)
    },
  })
})
afterEach(() => site.stop(true))

function callback(change: Partial<CallbackOptions> = {}): SiteCallback {
  const options: CallbackOptions = {
    url: `http://127.0.0.1:${site.port}/whoami.php`,
    timeoutMs: 10_000,
    rememberMs: 5_000,
    maxRemembered: 100,
    cookies: [],
    maxConcurrent: 4,
    failuresToOpen: 3,
    openForMs: 5_000,
    ...change,
  }
  return new SiteCallback(options, clock, (text) => said.push(text))
}

const MEMBER = { kind: "known", person: { userId: "7", name: "张伟" }, sessionId: "s7" } as const

/** Why the site could not be asked: for the log, while clients are told nothing of it. */
async function whyNot(asking: Promise<unknown>): Promise<string> {
  const error = await asking.catch((reason: unknown) => reason)
  if (!(error instanceof SkeinError)) throw new Error("the site was asked", { cause: error })
  expect(error.temporary).toBe(true)
  expect(error.message).toBe("the site cannot be asked who this is at the moment")
  return (error.cause as Error).message
}

describe("who somebody is", () => {
  test("comes from the site, as an identity with name and session", async () => {
    const strategy = byCallback(callback())
    const handshake = { url: new URL("http://x/"), address: "::1", loopback: true }
    const identity = await strategy({ ...handshake, headers: new Headers({ cookie: "login=7" }) })
    expect(identity).toEqual({ userId: "7", info: '{"name":"张伟"}', sessionId: "s7" })
    expect(await strategy({ ...handshake, headers: new Headers({ cookie: "theme=dark" }) })).toBeUndefined()
  })

  test("is asked once for as long as the answer is remembered", async () => {
    const it = callback()
    expect(await it.whoIs("login=7")).toEqual(MEMBER)
    clock.advance(4_999)
    expect(await it.whoIs("login=7")).toEqual(MEMBER)
    expect(asked).toHaveLength(1)
    clock.advance(1)
    await it.whoIs("login=7")
    expect(asked).toHaveLength(2)
  })

  test("many tabs at once are one question", async () => {
    const it = callback()
    const answers = await Promise.all(Array.from({ length: 50 }, () => it.whoIs("login=7")))
    expect(answers).toEqual(Array.from({ length: 50 }, () => MEMBER))
    expect(asked).toHaveLength(1)
  })

  test("that nobody is there is not remembered: a login may come", async () => {
    const it = callback()
    expect((await it.whoIs("theme=dark")).kind).toBe("nobody")
    expect((await it.whoIs("theme=dark")).kind).toBe("nobody")
    expect(asked).toHaveLength(2)
  })

  test("without cookies nobody is asked", async () => {
    expect((await callback().whoIs(null)).kind).toBe("nobody")
    expect((await callback({ cookies: ["PHPSESSID"] }).whoIs("theme=dark")).kind).toBe("nobody")
    expect(asked).toEqual([])
  })

  test("only the named cookies are sent", async () => {
    await callback({ cookies: ["login", "remember_*"] }).whoIs("_ga=1; login=7; remember_web_x=y; loginx=1")
    expect(asked).toEqual(["login=7; remember_web_x=y"])
  })
})

describe("after a logout", () => {
  test("nothing is remembered of that session or that user", async () => {
    const it = callback()
    await it.whoIs("login=7")
    respond = () => Response.json({ id: null })
    it.forgetSession("s7")
    expect((await it.whoIs("login=7")).kind).toBe("nobody")
    respond = () => Response.json({ id: "7" })
    await it.whoIs("login=7")
    it.forgetUser("7")
    await it.whoIs("login=7")
    expect(asked).toHaveLength(4)
  })

  test("an answer that was under way is asked for once more", async () => {
    const it = callback()
    const gate = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    respond = async () => {
      arrived.resolve()
      await gate.promise
      return Response.json({ id: 7, session: "s7" })
    }
    const early = it.whoIs("login=7")
    await arrived.promise
    it.forgetSession("s7")
    respond = () => Response.json({ id: null })
    gate.resolve()
    expect((await early).kind).toBe("nobody")
  })
})

describe("a site in trouble", () => {
  test("that is slow is an outage, not a guest", async () => {
    respond = () => new Promise(() => undefined)
    expect(await whyNot(callback({ timeoutMs: 50 }).whoIs("login=7"))).toContain("no answer within 50 ms")
  })

  test("for one visitor only, as PHP is while a page of his holds the session's lock, is asked about the others", async () => {
    const it = callback()
    const answers = respond
    respond = (cookies) => (cookies === "login=held" ? new Response("no", { status: 504 }) : answers(cookies))
    for (let failure = 0; failure < 9; failure++) expect(await whyNot(it.whoIs("login=held"))).toContain("504")
    expect(await it.whoIs("login=7")).toEqual(MEMBER)
  })

  test("that fails again and again is left alone, then asked once, then believed", async () => {
    const it = callback()
    respond = () => new Response("no", { status: 502 })
    for (const login of [7, 8, 9]) expect(await whyNot(it.whoIs(`login=${login}`))).toContain("502")
    expect(await whyNot(it.whoIs("login=7"))).toContain("failed too often")
    expect(asked).toHaveLength(3)
    clock.advance(5_000)
    expect(await whyNot(it.whoIs("login=7"))).toContain("502")
    expect(await whyNot(it.whoIs("login=7"))).toContain("failed too often")
    clock.advance(5_000)
    respond = () => Response.json({ id: 7, name: "张伟", session: "s7" })
    expect(await it.whoIs("login=7")).toEqual(MEMBER)
    expect(said).toEqual([
      expect.stringContaining("502"),
      "the site is left alone for a while",
      "the site answers again",
    ])
  })

  test("strange answers to one visitor do not lock out the others", async () => {
    const it = callback()
    respond = () => new Response("<br /><b>Fatal error", { headers: { "content-type": "text/html" } })
    for (let visitor = 0; visitor < 10; visitor++)
      expect(await whyNot(it.whoIs(`strange=${visitor}`))).toContain("is it an error of PHP?")
    respond = () => Response.json({ id: 7, name: "张伟", session: "s7" })
    expect(await it.whoIs("login=7")).toEqual(MEMBER)
  })

  test("after a pause a strange answer is an answer: the site is asked again", async () => {
    const it = callback({ failuresToOpen: 1 })
    respond = () => new Response("", { status: 500 })
    expect(await whyNot(it.whoIs("login=7"))).toContain("")
    clock.advance(5_000)
    respond = () => new Response("x".repeat(20_000))
    expect(await whyNot(it.whoIs("login=7"))).toContain("longer than 16384 bytes")
    respond = () => Response.json({ id: 7, name: "张伟", session: "s7" })
    expect(await it.whoIs("login=7")).toEqual(MEMBER)
  })

  test("is never asked more at a time than allowed", async () => {
    let inside = 0
    let most = 0
    respond = async () => {
      most = Math.max(most, ++inside)
      await Bun.sleep(5)
      inside--
      return Response.json({ id: 1 })
    }
    const it = callback({ maxConcurrent: 3 })
    await Promise.all(Array.from({ length: 20 }, (_, visitor) => it.whoIs(`visitor=${visitor}`)))
    expect(asked).toHaveLength(20)
    expect(most).toBeLessThanOrEqual(3)
  })
})

describe("answers", () => {
  const nobody = [
    ["null", 200],
    ['{"id":null}', 200],
    ['{"id":0}', 200],
    ['{"id":""}', 200],
    ["", 401],
    ["", 403],
    ["", 302],
  ] as const
  for (const [body, status] of nobody)
    test(`${status} ${body} means that nobody is logged in`, async () => {
      respond = () => new Response(body, { status })
      expect((await callback().whoIs("a=1")).kind).toBe("nobody")
    })

  for (const body of [
    "{}",
    "[]",
    "42",
    '{"id":1.5}',
    '{"id":true}',
    '{"id":"a b"}',
    `{"id":"${"x".repeat(129)}"}`,
    "{",
  ])
    test(`${body.slice(0, 20)} is refused`, async () => {
      respond = () => new Response(body)
      expect(await whyNot(callback().whoIs("a=1"))).toContain("cannot be asked who this is")
    })

  test("a picture that could run as script is left out", async () => {
    respond = () => Response.json({ id: 1, avatar: "javascript:alert(1)" })
    expect(await callback().whoIs("a=1")).toMatchObject({ person: { userId: "1" } })
    respond = () => Response.json({ id: 1, avatar: "https://cdn.example/1.png" })
    expect(await callback().whoIs("a=2")).toMatchObject({ person: { avatar: "https://cdn.example/1.png" } })
  })
})

test("no more is remembered than allowed", async () => {
  const it = callback({ maxRemembered: 2 })
  respond = (cookies) => Response.json({ id: cookies.slice(-1) })
  for (const visitor of [1, 2, 3]) await it.whoIs(`v=${visitor}`)
  await it.whoIs("v=3")
  expect(asked).toHaveLength(3)
  await it.whoIs("v=1")
  expect(asked).toHaveLength(4)
})
