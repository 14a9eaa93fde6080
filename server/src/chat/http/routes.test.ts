import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { inProcess } from "../../store/sqlite/testing/stores.ts"
import type { Output, Refusal, SessionAnswer } from "../contract.ts"
import { isEnded, isOfSession } from "../session/endings.ts"
import { type ChatUnderTest, codeOf, startChat } from "../testing/chat-under-test.ts"

describe("the chat over HTTP", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  let app: ReturnType<ChatUnderTest["chat"]["routes"]>
  let lobby: string
  beforeEach(async () => {
    subject = await inProcess()
    await begin()
    lobby = await it.lobby()
  })
  afterEach(() => subject.remove())
  const begin = async (...config: [Parameters<typeof startChat>[1]?, Parameters<typeof startChat>[2]?]) => {
    it = await startChat(subject.store, ...config)
    app = it.chat.routes()
  }

  const request = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(`http://chat.test${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    })
  const as = (id: string) => ({ authorization: `Bearer user:${id}:${id}` })
  const cookieIn = (response: Response) => ({ cookie: (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "" })
  const refusal = async (response: Response) =>
    [response.status, ((await response.json()) as Refusal).error.name] as const

  test("CHAT-27 REST and RPC are the same functions: what one writes the other reads", async () => {
    await it.call("bob", "chat.hello", {})
    const path = `/chat/v1/conversations/${lobby}/messages`
    const sent = await request("POST", path, { client_id: "by-rest-1", text: "over REST" }, as("ann"))
    expect(sent.status).toBe(200)
    const byRest = (await sent.json()) as { message: { seq: number } }
    await it.call("bob", "chat.send", { conversation_id: lobby, client_id: "by-rpc-01", text: "over RPC" })
    const page = await (await request("GET", `${path}?limit=5`, undefined, as("ann"))).json()
    expect(page).toEqual(
      JSON.parse(JSON.stringify(await it.call("ann", "chat.messages", { conversation_id: lobby, limit: 5 }))),
    )
    const edited = await request("PATCH", `${path}/${byRest.message.seq}`, { text: "edited" }, as("ann"))
    expect(((await edited.json()) as { change: { chg: number } }).change.chg).toBe(1)
    const deleted = await request("DELETE", `${path}/${byRest.message.seq}`, undefined, as("ann"))
    expect(deleted.status).toBe(200)
    expect(it.channels.of("change").map(({ change }) => change.op)).toEqual(["edit", "delete"])
  })

  test("CHAT-27 refusals have the code, the name and the status of the same error in an RPC", async () => {
    const path = `/chat/v1/conversations/${lobby}/messages`
    expect(await refusal(await request("GET", "/chat/v1/hello"))).toEqual([401, "unauthorized"])
    expect(await refusal(await request("GET", "/chat/v1/hello", undefined, { authorization: "Bearer bad" }))).toEqual([
      401,
      "unauthorized",
    ])
    expect(
      await refusal(await request("GET", "/chat/v1/hello", undefined, { authorization: "Bearer expired" })),
    ).toEqual([401, "token_expired"])
    expect(await refusal(await request("GET", "/chat/v1/nothing"))).toEqual([404, "not_found"])
    expect(await refusal(await request("GET", "/chat/v1/conversations/c_x/messages", undefined, as("ann")))).toEqual([
      403,
      "not_a_member",
    ])
    expect(await refusal(await request("POST", path, "{oops", as("ann")))).toEqual([400, "bad_request"])
    expect(
      await refusal(await request("POST", path, { client_id: "12345678", text: "x".repeat(70_000) }, as("ann"))),
    ).toEqual([413, "payload_too_large"])
    const form = { ...as("ann"), "content-type": "text/plain" }
    expect(await refusal(await request("POST", path, "{}", form))).toEqual([400, "bad_request"])
    expect(await refusal(await request("GET", `${path}?limit=zero`, undefined, as("ann")))).toEqual([
      400,
      "bad_request",
    ])
  })

  test("a refused input says in one line which fields, and how", async () => {
    const path = `/chat/v1/conversations/${lobby}/messages`
    const told = async (response: Response) => ((await response.json()) as Refusal).error.message
    const wrong = { client_id: "short", text: 7 }
    expect(await told(await request("POST", path, wrong, as("ann")))).toMatch(
      /^chat\.send: client_id: [^\n]*8 characters; text: [^\n]*expected string, received number$/,
    )
    const many = { conversations: Array.from({ length: 9 }, () => ({})) }
    expect(await told(await request("POST", "/chat/v1/catch_up", many, as("ann")))).toMatch(
      /^chat\.catch_up: conversations\.0\.conversation_id: [^\n]*; and 24 more$/,
    )
  })

  test("a body that is not UTF-8 is refused, not stored with its characters lost", async () => {
    const gbk = new Uint8Array([
      ...new TextEncoder().encode('{"client_id":"gbk-00001","text":"'),
      0xc4,
      0xe3,
      0x22,
      0x7d,
    ])
    const response = await app.request(`http://chat.test/chat/v1/conversations/${lobby}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", ...as("ann") },
      body: gbk,
    })
    expect(response.status).toBe(400)
    expect(((await response.json()) as Refusal).error.message).toContain("UTF-8")
  })

  test("CHAT-27 the path decides: a body cannot name another conversation", async () => {
    await request("GET", "/chat/v1/hello", undefined, as("ann"))
    const body = { conversation_id: "c_elsewhere", client_id: "by-path-1", text: "here" }
    const sent = await request("POST", `/chat/v1/conversations/${lobby}/messages`, body, as("ann"))
    expect(((await sent.json()) as { message: { conversation_id: string } }).message.conversation_id).toBe(lobby)
  })

  test("CHAT-26 a guest chooses a name and is that guest with the cookie", async () => {
    const nobody = (await (await request("GET", "/chat/session")).json()) as SessionAnswer
    expect(nobody).toEqual({ user: null, guests: true })
    const signedIn = await request("POST", "/chat/session", { name: "Mia" })
    const cookie = signedIn.headers.get("set-cookie") ?? ""
    expect(cookie).toMatch(/^skein_session=[\w.-]+; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure$/)
    const answer = (await signedIn.json()) as SessionAnswer
    expect(answer.user).toMatchObject({ name: "Mia", guest: true })
    expect(answer.user?.id).toMatch(/^g_/)
    expect((answer.expires_at ?? 0) - it.clock.nowMs()).toBe(600_000)
    const claims = JSON.parse(atob(answer.token?.split(".")[1] ?? ""))
    expect(claims).toMatchObject({ sub: answer.user?.id, info: { name: "Mia", guest: true } })
    expect(claims.sid).toMatch(/^l_/)
    const again = (await (await request("GET", "/chat/session", undefined, cookieIn(signedIn))).json()) as SessionAnswer
    expect(again.user).toEqual(answer.user)
    const hello = await request("GET", "/chat/v1/hello", undefined, cookieIn(signedIn))
    expect(hello.status).toBe(200)
    const identity = await it.chat.identifyByCookie(new Headers(cookieIn(signedIn)))
    expect(identity).toMatchObject({ userId: answer.user?.id, sessionId: claims.sid })
  })

  test("CHAT-26 a name that somebody has is refused, and choosing another keeps the guest", async () => {
    const mia = await request("POST", "/chat/session", { name: "Mia" })
    expect(await refusal(await request("POST", "/chat/session", { name: "ｍｉａ" }))).toEqual([409, "name_taken"])
    const renamed = await request("POST", "/chat/session", { name: "Mia Lee" }, cookieIn(mia))
    const before = (await mia.json()) as SessionAnswer
    expect(((await renamed.json()) as SessionAnswer).user).toMatchObject({ id: before.user?.id, name: "Mia Lee" })
  })

  test("CHAT-19 a guest who keeps coming keeps the name", async () => {
    const days = 24 * 3_600_000
    const mia = await request("POST", "/chat/session", { name: "Mia" })
    await request("POST", "/chat/session", { name: "Zoe" })
    for (let visit = 0; visit < 3; visit++) {
      it.clock.advance(20 * days)
      await request("GET", "/chat/session", undefined, cookieIn(mia))
    }
    expect(await refusal(await request("POST", "/chat/session", { name: "Mia" }))).toEqual([409, "name_taken"])
    expect((await request("POST", "/chat/session", { name: "Zoe" })).status).toBe(200)
  })

  test("CHAT-6 a laptop slept for eight hours: the cookie still signs in, and what was missed comes or is said to be missing", async () => {
    const mia = cookieIn(await request("POST", "/chat/session", { name: "Mia" }))
    const catchUp = async (seq: number, chg: number) => {
      const body = { conversations: [{ conversation_id: lobby, seq, chg }] }
      return (await (await request("POST", "/chat/v1/catch_up", body, mia)).json()) as Output<"chat.catch_up">
    }
    const say = async (n: number) => {
      it.clock.advance(1_000)
      const text = `text ${n}`
      await it.call("ann", "chat.send", { conversation_id: lobby, client_id: `client-${n}`, text })
    }
    await say(1)
    expect((await catchUp(1, 0)).conversations).toMatchObject([{ messages: [], changes: [], unread: 1 }])
    it.clock.advance(8 * 3_600_000)
    await it.call("ann", "chat.edit", { conversation_id: lobby, seq: 1, text: "edited meanwhile" })
    for (let n = 2; n <= 5; n++) await say(n)
    const awake = (await (await request("GET", "/chat/session", undefined, mia)).json()) as SessionAnswer
    expect(awake.user?.name).toBe("Mia")
    expect((awake.expires_at ?? 0) - it.clock.nowMs()).toBe(600_000)
    const [missed] = (await catchUp(1, 0)).conversations
    expect(missed?.messages.map(({ seq }) => seq)).toEqual([2, 3, 4, 5])
    expect(missed?.changes.map(({ message }) => message.body)).toEqual(["edited meanwhile"])
    expect([missed?.reset, missed?.unread]).toEqual([undefined, 5])
    it.clock.advance(8 * 3_600_000)
    for (let n = 6; n <= 300; n++) await say(n)
    const [busy] = (await catchUp(5, 1)).conversations
    expect([busy?.reset?.gap, busy?.messages.at(0)?.seq, busy?.messages.at(-1)?.seq]).toEqual([[6, 250], 251, 300])
  })

  test("CHAT-26 signing out closes the session's connections, and its cookie and token are worth nothing", async () => {
    const signedIn = await request("POST", "/chat/session", { name: "Mia" })
    const identity = await it.chat.identifyByCookie(new Headers(cookieIn(signedIn)))
    const out = await request("DELETE", "/chat/session", undefined, cookieIn(signedIn))
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0")
    expect(it.closedSessions).toEqual([identity?.sessionId ?? ""])
    expect(await it.chat.identifyByCookie(new Headers(cookieIn(signedIn)))).toBeUndefined()
    expect(await isEnded(subject.store, identity?.sessionId ?? "")).toBe(true)
    expect(await refusal(await request("GET", "/chat/v1/hello", undefined, cookieIn(signedIn)))).toEqual([
      401,
      "unauthorized",
    ])
  })

  test("CHAT-28 A logs out and B logs in on the same browser: nothing of A remains", async () => {
    const a = await request("POST", "/chat/session", { token: "user:ann:Ann" })
    await request(
      "POST",
      `/chat/v1/conversations/${lobby}/messages`,
      { client_id: "from-ann-1", text: "private" },
      cookieIn(a),
    )
    const sessionOfA = (await it.chat.identifyByCookie(new Headers(cookieIn(a))))?.sessionId
    await request("DELETE", "/chat/session", undefined, cookieIn(a))
    const b = await request("POST", "/chat/session", { token: "user:bob:Bob" }, cookieIn(a))
    expect(((await b.json()) as SessionAnswer).user).toEqual({ id: "bob", name: "Bob" })
    const hello = (await (await request("GET", "/chat/v1/hello", undefined, cookieIn(b))).json()) as {
      user: { id: string }
    }
    expect(hello.user.id).toBe("bob")
    expect(it.closedSessions).toEqual([sessionOfA ?? ""])
  })

  test("CHAT-28 B logs in over A's session without A logging out: A's session ends by itself", async () => {
    const a = await request("POST", "/chat/session", { token: "user:ann:Ann" })
    await request("POST", "/chat/session", { token: "user:bob:Bob" }, cookieIn(a))
    expect(it.closedSessions).toHaveLength(1)
    expect(await it.chat.identifyByCookie(new Headers(cookieIn(a)))).toBeUndefined()
  })

  test("CHAT-26 a forged, foreign or expired cookie signs nobody in", async () => {
    const signedIn = await request("POST", "/chat/session", { name: "Mia" })
    const { cookie } = cookieIn(signedIn)
    const answer = (await signedIn.clone().json()) as SessionAnswer
    for (const forged of [`${cookie}x`, "skein_session=abc", `skein_session=${answer.token}`, "skein_session="])
      expect(await it.chat.identifyByCookie(new Headers({ cookie: forged }))).toBeUndefined()
    it.clock.advance(366 * 24 * 3_600_000)
    expect(await it.chat.identifyByCookie(new Headers({ cookie }))).toBeUndefined()
  })

  test("CHAT-35 the site ends one of its logins: what was made with it is over, other logins of the user are not", async () => {
    const laptop = await request("POST", "/chat/session", { token: "user:ann:Ann:site-1" })
    const phone = await request("POST", "/chat/session", { token: "user:ann:Ann:site-2" })
    await it.chat.callForBackEnd("chat.sessions.end", JSON.stringify({ session: "site-1" }))
    expect(it.closedSessions).toEqual(["site-1"])
    const hello = (who: Response) => request("GET", "/chat/v1/hello", undefined, cookieIn(who))
    expect([(await hello(laptop)).status, (await hello(phone)).status]).toEqual([401, 200])
    const token = { authorization: "Bearer user:ann:Ann:site-1" }
    expect((await request("GET", "/chat/v1/hello", undefined, token)).status).toBe(401)
    const sessionId = (await it.chat.identifyByCookie(new Headers(cookieIn(phone))))?.sessionId
    expect([isOfSession(sessionId, "site-2"), isOfSession(sessionId, "site-1")]).toEqual([true, false])
    const again = await request("POST", "/chat/session", { token: "user:ann:Ann:site-1" })
    expect((await hello(again)).status).toBe(401)
  })

  test("CHAT-35 the site ends all logins of a user: a new one is good again", async () => {
    const before = await request("POST", "/chat/session", { token: "user:ann:Ann:site-1" })
    const other = await request("POST", "/chat/session", { token: "user:bob:Bob" })
    it.clock.advance(1)
    await it.chat.callForBackEnd("chat.sessions.end", JSON.stringify({ user: "ann" }))
    expect(it.closedUsers).toEqual(["ann"])
    it.clock.advance(1)
    const after = await request("POST", "/chat/session", { token: "user:ann:Ann:site-2" })
    const hello = async (who: Response) => (await request("GET", "/chat/v1/hello", undefined, cookieIn(who))).status
    expect([await hello(before), await hello(other), await hello(after)]).toEqual([401, 200, 200])
    const nobody = it.chat.callForBackEnd("chat.sessions.end", "{}")
    expect(await codeOf(() => nobody)).toBe("bad_request")
  })

  test("CHAT-29 pages of other origins change nothing, with whatever cookie", async () => {
    const signedIn = await request("POST", "/chat/session", { name: "Mia" })
    const evil = { ...cookieIn(signedIn), origin: "https://evil.example" }
    expect(await refusal(await request("POST", "/chat/session", { name: "Eve" }, evil))).toEqual([
      403,
      "permission_denied",
    ])
    expect(await refusal(await request("DELETE", "/chat/session", undefined, evil))).toEqual([403, "permission_denied"])
    const send = { client_id: "from-evil-1", text: "x" }
    const sent = await request("POST", `/chat/v1/conversations/${lobby}/messages`, send, evil)
    expect(await refusal(sent)).toEqual([403, "permission_denied"])
    expect(it.closedSessions).toEqual([])
  })

  test("CHAT-29 the session route takes small JSON of its two shapes, not too often, and no guests unless configured", async () => {
    expect(await refusal(await request("POST", "/chat/session", { name: "x".repeat(9_000) }))).toEqual([
      413,
      "payload_too_large",
    ])
    expect(await refusal(await request("POST", "/chat/session", { user: "x" }))).toEqual([400, "bad_request"])
    expect(await refusal(await request("POST", "/chat/session", { token: "bad" }))).toEqual([401, "unauthorized"])
    for (let n = 0; n < 100; n++) await request("POST", "/chat/session", { name: `guest ${n}` })
    const flood = await request("POST", "/chat/session", { name: "one more" })
    expect(Number(flood.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await refusal(flood)).toEqual([429, "too_many_requests"])
    const elsewhere = { "x-test-address": "192.0.2.2" }
    expect((await request("POST", "/chat/session", { name: "one more" }, elsewhere)).status).toBe(200)
    await begin({}, { guestsAllowed: () => false })
    expect(await refusal(await request("POST", "/chat/session", { name: "Zoe" }))).toEqual([403, "permission_denied"])
  })
})
