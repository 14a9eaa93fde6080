import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { UnauthorizedError } from "centrifuge"
import WebSocket from "ws"
import type { Output, Page, Push, SessionAnswer } from "../../src/chat/contract.ts"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { browser as centrifuge } from "./browser.ts"
import { Visitor } from "./site.ts"

let folder: string
let server: TestServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-guests-"))
  server = await TestServer.start({
    env: {
      SKEIN_SESSIONS_FRAMEWORK: "php",
      SKEIN_SESSIONS_STORE: "files",
      SKEIN_SESSIONS_FOLDER: folder,
      SKEIN_AUTH_GUESTS: "anywhere",
    },
  })
}, 60_000)
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** One browser at one machine: the site's cookie and ours. */
class Browser {
  readonly site = new Visitor({ "session.save_handler": "files", "session.save_path": folder })
  ours = ""

  get cookie(): string {
    return [this.site.cookie, this.ours].filter((one) => one !== "").join("; ")
  }

  async ask(method: string, path: string, body?: object): Promise<Response> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { cookie: this.cookie, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const set = /^skein_session=([^;]*)/.exec(response.headers.get("set-cookie") ?? "")
    if (set) this.ours = set[1] === "" ? "" : `skein_session=${set[1]}`
    return response
  }

  async session(method = "GET", body?: object): Promise<SessionAnswer> {
    return (await (await this.ask(method, "/chat/session", body)).json()) as SessionAnswer
  }

  async hello(): Promise<Output<"chat.hello">> {
    return (await (await this.ask("GET", "/chat/v1/hello")).json()) as Output<"chat.hello">
  }

  async say(conversationId: string, text: string, clientId: string) {
    const body = { client_id: clientId, text }
    const response = await this.ask("POST", `/chat/v1/conversations/${conversationId}/messages`, body)
    return (await response.json()) as Output<"chat.send">
  }

  async lines(conversationId: string): Promise<string[]> {
    const response = await this.ask("GET", `/chat/v1/conversations/${conversationId}/messages`)
    const { messages } = (await response.json()) as Page
    return messages.map(({ sender_id, body }) => `${sender_id}: ${body}`)
  }

  /** The page of the chat, as it stands open. */
  page() {
    const getToken = async () => {
      const { token } = await this.session()
      if (token === undefined) throw new UnauthorizedError("signed out")
      return token
    }
    const pushes: Push[] = []
    const opened = centrifuge(server, { cookie: "" }, { getToken })
    opened.client.on("publication", ({ data }) => pushes.push(data as Push))
    opened.client.connect()
    return { ...opened, pushes }
  }
}

async function shopkeeper(id: string): Promise<Browser> {
  const shop = new Browser()
  await shop.site.login(id)
  await shop.session()
  return shop
}

describe("a guest of the site", () => {
  test("asks the shop, logs in at the site, and the talk goes on as the member's", async () => {
    const shop = await shopkeeper("1")
    const visitor = new Browser()
    const guest = (await visitor.session("POST", { name: "游客甲" })).user
    await visitor.hello()
    const opened = await visitor.ask("POST", "/chat/v1/direct", { user_id: "1" })
    const { conversation } = (await opened.json()) as Output<"chat.direct.open">
    await visitor.say(conversation.id, "我的订单在哪里？", "guest-asks-1")
    await shop.say(conversation.id, "马上到", "shop-says-01")

    const open = visitor.page()
    const shopPage = shop.page()
    const inTalk = shopPage.client.newSubscription(conversation.channel)
    const pushed: Push[] = []
    inTalk.on("publication", ({ data }) => pushed.push(data as Push))
    inTalk.subscribe()
    await inTalk.ready(10_000)
    await until(() => open.seen.connected === 1, "the guest's page is connected")
    expect((await open.client.rpc("chat.hello", {})).data.user.id).toBe(guest?.id)

    await visitor.site.login("52")
    // Any page of the site asks; the chat's page, in another tab, was not touched.
    expect((await visitor.session()).user).toMatchObject({ id: "52", name: "张伟 52" })
    await until(() => open.seen.connected === 2, "the guest's page came back")
    const { data } = (await open.client.rpc("chat.hello", {})) as { data: Output<"chat.hello"> }
    expect(data.user.id).toBe("52")
    expect(data.conversations.find(({ id }) => id === conversation.id)).toMatchObject({ unread: 1, peer: { id: "1" } })
    expect(await visitor.lines(conversation.id)).toEqual(["52: 我的订单在哪里？", "1: 马上到"])
    await until(() => pushed.some(({ type }) => type === "user_merged"), "the shop heard of it")
    await until(() => shopPage.pushes.some(({ type }) => type === "conversation_added"), "and by which name")
    expect((await shop.hello()).conversations.find(({ id }) => id === conversation.id)?.name).toBe("张伟 52")
    // What the guest's page sent and heard no answer to, it sends again as the member.
    expect(await visitor.say(conversation.id, "我的订单在哪里？", "guest-asks-1")).toMatchObject({ duplicate: true })
  }, 60_000)

  test("is merged by a handshake too: the plain client that was a guest comes back as the member", async () => {
    const visitor = new Browser()
    await visitor.session("POST", { name: "Plain" })
    const { conversations } = await visitor.hello()
    const lobby = conversations[0]?.id as string
    await visitor.say(lobby, "from a guest", "plain-guest-1")
    const asGuest = new WebSocket(`${server.wsUrl}/ws`, { headers: { cookie: visitor.cookie } })
    let code: number | undefined
    asGuest.on("close", (closed) => {
      code = closed
    })
    await new Promise((resolve) => asGuest.once("open", resolve))
    await visitor.site.login("53")
    const asMember = new WebSocket(`${server.wsUrl}/ws`, { headers: { cookie: visitor.cookie } })
    await new Promise((resolve) => asMember.once("open", resolve))
    await until(() => code === 3005, "the guest's socket is closed")
    asMember.close()
    expect(await visitor.lines(lobby)).toContain("53: from a guest")
  }, 60_000)

  test("on a shared computer: A logs out, B logs in, and nothing of A is B's or the next guest's", async () => {
    const shared = new Browser()
    const guestA = (await shared.session("POST", { name: "Anna" })).user?.id
    const lobby = (await shared.hello()).conversations[0]?.id as string
    await shared.say(lobby, "a as guest", "a-as-guest-1")
    const cookieOfA = shared.ours
    await shared.site.login("61")
    await shared.session()
    await shared.say(lobby, "a as member", "a-as-member1")
    await shared.site.visit("do=logout")

    expect((await shared.session()).user).toBeNull()
    expect((await shared.ask("GET", "/chat/v1/hello")).status).toBe(401)
    const guestB = (await shared.session("POST", { name: "Anna" })).user?.id
    expect(guestB).not.toBe(guestA)
    await shared.say(lobby, "b as guest", "b-as-guest-1")
    await shared.site.login("62")
    expect((await shared.session()).user?.id).toBe("62")
    const lines = await shared.lines(lobby)
    expect(lines.filter((line) => line.startsWith("61:"))).toEqual(["61: a as guest", "61: a as member"])
    expect(lines.filter((line) => line.startsWith("62:"))).toEqual(["62: b as guest"])

    // A's old cookie, found again, opens nothing and brings nothing along.
    await shared.site.visit("do=logout")
    shared.ours = cookieOfA
    expect((await shared.session()).user).toBeNull()
    await shared.site.login("63")
    await shared.session()
    expect((await shared.lines(lobby)).filter((line) => line.startsWith("63:"))).toEqual([])
  }, 60_000)

  test("a guest who signed out of the chat is not merged into the next user", async () => {
    const shared = new Browser()
    const guest = (await shared.session("POST", { name: "Gone" })).user?.id
    const lobby = (await shared.hello()).conversations[0]?.id as string
    await shared.say(lobby, "gone", "gone-guest-1")
    const cookie = shared.ours
    await shared.session("DELETE")
    shared.ours = cookie
    await shared.site.login("64")
    await shared.session()
    expect(await shared.lines(lobby)).toContain(`${guest}: gone`)
  }, 60_000)
})
