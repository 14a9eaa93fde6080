import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import { inProcess } from "../../store/sqlite/testing/stores.ts"
import type { Page, SessionAnswer } from "../contract.ts"
import { type ChatUnderTest, codeOf, person, startChat } from "../testing/chat-under-test.ts"
import { isEnded } from "./endings.ts"

/** The site's own session, as this test writes it: a cookie `site=<user id>`. */
const siteUserIn = (headers: Headers): Identity | undefined => {
  const id = /(?:^|; )site=(\w+)/.exec(headers.get("cookie") ?? "")?.[1]
  return id === undefined ? undefined : { ...person(id), sessionId: `session-of-${id}` }
}

/** One browser: sends the cookies it has, keeps those it gets. */
class Browser {
  readonly #app: ReturnType<ChatUnderTest["chat"]["routes"]>
  guest = ""
  site = ""

  constructor(app: ReturnType<ChatUnderTest["chat"]["routes"]>) {
    this.#app = app
  }

  get headers(): Headers {
    const cookies = [this.guest && `skein_session=${this.guest}`, this.site && `site=${this.site}`].filter(Boolean)
    return new Headers({ cookie: cookies.join("; ") })
  }

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = this.headers
    if (body !== undefined) headers.set("content-type", "application/json")
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await this.#app.request(`http://chat.test${path}`, init)
    const set = /^skein_session=([^;]*)/.exec(response.headers.get("set-cookie") ?? "")
    if (set) this.guest = set[1] as string
    return response
  }

  async session(method = "GET", body?: unknown): Promise<SessionAnswer> {
    return (await (await this.ask(method, "/chat/session", body)).json()) as SessionAnswer
  }
}

describe("a guest who signs in at the site", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  let lobby: string
  let browser: Browser
  beforeEach(async () => {
    subject = await inProcess()
    it = await startChat(subject.store, {}, {}, async ({ headers }) => siteUserIn(headers))
    lobby = await it.lobby()
    browser = new Browser(it.chat.routes())
  })
  afterEach(() => subject.remove())

  const say = async (text: string, clientId = `client-${text}`) =>
    browser.ask("POST", `/chat/v1/conversations/${lobby}/messages`, { client_id: clientId, text })
  const senders = async () => {
    const { messages } = await it.call("watcher", "chat.messages", { conversation_id: lobby, limit: 50 })
    return messages.map(({ body, sender_id }) => `${sender_id}: ${body}`)
  }
  const enter = async (name: string) => (await browser.session("POST", { name })).user?.id as string

  test("CHAT-36 goes on as the member: at the next look at the session", async () => {
    await it.call("watcher", "chat.hello", {})
    const guestId = await enter("Mia")
    await say("hello")
    browser.site = "42"
    const answer = await browser.session()
    expect(answer.user).toEqual({ id: "42", name: "42" })
    expect(browser.guest).toBe("")
    expect(await senders()).toEqual(["42: hello"])
    expect(it.channels.of("user_merged")).toEqual([
      {
        type: "user_merged",
        conversation_id: lobby,
        seq_head: 1,
        chg_head: 1,
        from: guestId,
        user: { id: "42", name: "42" },
        member_count: 2,
      },
    ])
    expect(it.channels.of("conversation_added").map(({ conversation }) => conversation.id)).toContain(lobby)
    expect(it.closedUsers).toEqual([guestId])
  })

  test("CHAT-36 goes on as the member: by a call, by a handshake, by a token of the site", async () => {
    await it.call("watcher", "chat.hello", {})
    await enter("one")
    await say("1")
    browser.site = "41"
    expect((await browser.ask("GET", "/chat/v1/hello")).status).toBe(200)

    browser = new Browser(it.chat.routes())
    await enter("two")
    await say("2")
    browser.site = "42"
    await it.chat.welcome(siteUserIn(browser.headers) as Identity, browser.headers)

    browser = new Browser(it.chat.routes())
    await enter("three")
    await say("3")
    await browser.session("POST", { token: "user:43:43" })
    expect(await senders()).toEqual(["41: 1", "42: 2", "43: 3"])
    expect(it.closedUsers).toHaveLength(3)
  })

  test("CHAT-37 the guest's cookie and tokens are over, and his name is free", async () => {
    const guestId = await enter("Mia")
    const stale = browser.guest
    const claims = await it.chat.identifyByCookie(browser.headers)
    browser.site = "42"
    await browser.session()
    expect(await isEnded(subject.store, claims?.sessionId as string)).toBe(true)
    browser.guest = stale
    expect(await it.chat.identifyByCookie(browser.headers)).toBeUndefined()
    expect(await codeOf(() => it.call(claims as Identity, "chat.hello", {}))).toBe("unauthorized")
    browser = new Browser(it.chat.routes())
    expect(await enter("Mia")).not.toBe(guestId)
  })

  test("CHAT-37 A signs in, out, and B signs in, in the same browser: nothing of A comes to B", async () => {
    await it.call("watcher", "chat.hello", {})
    await enter("Mia")
    await say("a's")
    const stale = browser.guest
    browser.site = "a"
    await browser.session()
    browser.site = ""
    expect((await browser.session()).user).toBeNull()
    const next = await enter("Ben")
    expect(next).toStartWith("g_")
    await say("b's")
    browser.site = "b"
    expect((await browser.session()).user?.id).toBe("b")
    // Also when the old cookie is still around somewhere.
    browser.guest = stale
    browser.site = "c"
    expect((await browser.session()).user?.id).toBe("c")
    expect(await senders()).toEqual(["a: a's", "b: b's"])
    const page = (await (await browser.ask("GET", "/chat/v1/hello")).json()) as { conversations: unknown[] }
    expect(page.conversations).toHaveLength(1)
  })

  test("CHAT-37 a guest who signed out becomes nobody", async () => {
    await it.call("watcher", "chat.hello", {})
    const guestId = await enter("Mia")
    await say("before")
    const stale = browser.guest
    await browser.session("DELETE")
    browser.guest = stale
    browser.site = "b"
    await browser.session()
    expect(await senders()).toEqual([`${guestId}: before`])
    expect(it.channels.of("user_merged")).toEqual([])
  })

  test("CHAT-36 many requests at once merge once, and whose answer was lost finds his message", async () => {
    await it.call("watcher", "chat.hello", {})
    await enter("Mia")
    await say("lost", "sent-as-guest")
    browser.site = "42"
    await Promise.all(Array.from({ length: 8 }, () => browser.ask("GET", "/chat/session")))
    expect(it.channels.of("user_merged")).toHaveLength(1)
    const again = await say("lost", "sent-as-guest")
    expect(await again.json()).toMatchObject({ duplicate: true, message: { seq: 1, sender_id: "42" } })
  })

  test("CHAT-36 the other one of a direct conversation sees whom he talks with", async () => {
    await it.call("shop", "chat.hello", {})
    const guestId = await enter("Mia")
    const { conversation } = await it.call("shop", "chat.direct.open", { user_id: guestId })
    await it.call("shop", "chat.send", { conversation_id: conversation.id, client_id: "from-shop", text: "hello" })
    browser.site = "42"
    it.channels.pushes.length = 0
    await browser.session()
    const toShop = it.channels.pushes.filter(({ channel }) => channel === "chat:u:shop").map(({ push }) => push)
    expect(toShop).toMatchObject([
      { type: "conversation_added", conversation: { id: conversation.id, name: "42", peer: { id: "42" } } },
    ])
    const page = (await (await browser.ask("GET", `/chat/v1/conversations/${conversation.id}/messages`)).json()) as Page
    expect(page.messages.map(({ body }) => body)).toEqual(["hello"])
  })

  test("CHAT-36 a store that fails lets the member in all the same; the next request merges", async () => {
    await it.call("watcher", "chat.hello", {})
    await enter("Mia")
    await say("hello")
    browser.site = "42"
    const { mergeGuest } = subject.store
    let failures = 0
    Object.assign(subject.store, {
      mergeGuest: async () => {
        failures++
        throw new SkeinError("storage_full")
      },
    })
    expect((await browser.session()).user?.id).toBe("42")
    expect(failures).toBe(1)
    expect(browser.guest).not.toBe("")
    Object.assign(subject.store, { mergeGuest })
    await browser.session()
    expect(await senders()).toEqual(["42: hello"])
  })
})
