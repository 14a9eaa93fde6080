import { afterAll, afterEach, beforeAll, expect, test } from "bun:test"
import { Centrifuge, State } from "centrifuge"
import Echo from "laravel-echo"
import PusherJs from "pusher-js"
import type { Membership, SessionAnswer } from "../../src/chat/contract.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { Customer, closingOf, PUSHER, Shop } from "./shop.ts"

let shop: Shop
const customers: Customer[] = []
const open: { disconnect(): void }[] = []
beforeAll(async () => {
  shop = await Shop.open()
}, 60_000)
afterEach(() => {
  for (const customer of customers.splice(0)) customer.leave()
  for (const client of open.splice(0)) client.disconnect()
})
afterAll(() => shop?.close())

async function customer(account: "ann" | "fang"): Promise<Customer> {
  const one = await Customer.loggedIn(shop, account)
  customers.push(one)
  return one
}

const session = async (of: Customer): Promise<SessionAnswer> =>
  (await (await fetch(`${shop.skeinUrl}/chat/session`, { headers: { cookie: of.cookie } })).json()) as SessionAnswer

async function listening(of: Customer, channel: string, heard: unknown[], client = of.client()): Promise<Centrifuge> {
  const subscription = client.newSubscription(channel, { getToken: of.channelToken })
  subscription.on("publication", ({ data, tags }) => heard.push([tags?.event, data]))
  subscription.subscribe()
  await subscription.ready(20_000)
  return client
}

test("who is logged in to Laravel is in the chat by name, without another login", async () => {
  const ann = await customer("ann")
  expect((await session(ann)).user).toMatchObject({ id: "1", name: "Ann" })
  const fang = await customer("fang")
  expect((await session(fang)).user).toMatchObject({ id: "2", name: "王芳" })
  expect((await session(new Customer(shop))).user).toBeNull()
  const client = fang.client()
  await client.ready(20_000)
  const { data } = await client.rpc("chat.hello", {})
  expect(data.user).toMatchObject({ id: "2", name: "王芳" })
})

test("private channels: Laravel's rule decides, for centrifuge-js with a token", async () => {
  const ann = await customer("ann")
  const heard: unknown[] = []
  await listening(ann, "private-orders.42", heard)
  const fang = await customer("fang")
  await fang.post("/orders/42/ship")
  await until(() => heard.length > 0, "shipped")
  expect(heard).toEqual([["App\\Events\\OrderShipped", { orderId: 42, parcel: "SF1234567890" }]])
  const refused = await fang.channelToken({ channel: "private-orders.42" }).catch(({ status }) => status)
  expect(refused).toBe(403)
  expect(await fang.post("/broadcasting/auth", {}).catch(({ status }) => status)).toBe(403)
  const nobody = new Customer(shop)
  await nobody.get("/")
  for (const channel of ["private-orders.42", "orders.42"])
    expect(await nobody.channelToken({ channel }).catch(({ status }) => status)).toBe(403)
  // Refused aloud: the driver has no encryption.
  expect(await ann.channelToken({ channel: "private-encrypted-orders.42" }).catch(({ status }) => status)).toBe(500)
})

test("toOthers: every device hears it but the one that caused it", async () => {
  const ann = await customer("ann")
  const [here, there]: [unknown[], unknown[]] = [[], []]
  const client = ann.client()
  let clientId = ""
  client.on("connected", (context) => {
    clientId = context.client
  })
  await listening(ann, "private-orders.42", here, client)
  await listening(ann, "private-orders.42", there)
  await ann.post("/orders/42/ship", {}, { "X-Socket-ID": clientId })
  await until(() => there.length === 1, "the other device hears it")
  // Comes last: what was to come before is there by then.
  await ann.post("/orders/42/ship")
  await until(() => here.length >= 1 && there.length >= 2, "both hear the second one")
  await ann.post("/orders/42/ship")
  await until(() => there.length >= 3 && here.length >= 2, "and the third")
  expect([here.length, there.length]).toEqual([2, 3])
})

test("presence channels: the members are who Laravel says, and the queue broadcasts", async () => {
  const [ann, fang] = [await customer("ann"), await customer("fang")]
  const heard: unknown[] = []
  const client = await listening(ann, "presence-warehouse", heard)
  await listening(fang, "presence-warehouse", [])
  const { clients } = await client.presence("presence-warehouse")
  const members = Object.values(clients).map(({ user, chanInfo }) => [user, chanInfo])
  expect(members.sort()).toEqual([
    ["1", { name: "Ann" }],
    ["2", { name: "王芳" }],
  ])
  await ann.post("/orders/42/pay")
  expect(heard).toEqual([])
  shop.artisan("queue:work", "--once", "--sleep=0")
  await until(() => heard.length > 0, "broadcast by the queue")
  expect(heard).toEqual([["order.paid", { orderId: 42 }]])
})

test("a job that is tried again broadcasts once", async () => {
  const ann = await customer("ann")
  const heard: unknown[] = []
  await listening(ann, "private-orders.42", heard)
  await ann.post("/orders/42/ship-later")
  for (let attempt = 1; attempt <= 2; attempt++) shop.artisan("queue:work", "--once", "--sleep=0")
  await ann.post("/orders/42/ship")
  await until(() => heard.length >= 2, "the end of it")
  expect(heard.map((event) => (event as [string, { parcel: string }])[1].parcel)).toEqual([
    expect.stringMatching(/^SF-\d+$/),
    "SF1234567890",
  ])
})

/** Unmodified pusher-js in the customer's page. */
function pusherJs(of: Customer): PusherJs {
  const pusher = new PusherJs(PUSHER.key, {
    cluster: "",
    wsHost: "127.0.0.1",
    wsPort: Number(new URL(shop.skeinUrl).port),
    forceTLS: false,
    enabledTransports: ["ws"],
    channelAuthorization: {
      endpoint: "",
      transport: "ajax",
      // In place of XMLHttpRequest, which would send the page's cookies by itself.
      customHandler: (
        { socketId, channelName }: { socketId: string; channelName: string },
        done: (error: Error | null, answer: unknown) => void,
      ) => {
        of.post("/broadcasting/auth", { socket_id: socketId, channel_name: channelName }).then(
          (answer) => done(null, answer),
          (error) => done(error, null),
        )
      },
    },
  } as never)
  open.push(pusher)
  return pusher
}

test("Laravel Echo and pusher-js, unmodified: private, presence, toOthers", async () => {
  const ann = await customer("ann")
  const pusher = pusherJs(ann)
  const echo = new Echo({ broadcaster: "reverb", key: PUSHER.key, client: pusher, withoutInterceptors: true } as never)
  const events: string[] = []
  const mine = echo.private("orders.42")
  mine.listen("OrderShipped", ({ parcel }: { parcel: string }) => events.push(`shipped ${parcel}`))
  const warehouse = echo.join("warehouse")
  warehouse.here((members: { name: string }[]) => events.push(`here ${members.map(({ name }) => name)}`))
  let refused = 0
  echo.private("orders.43").error(({ status }: { status: number }) => {
    refused = status ?? -1
  })
  await until(() => events.includes("here Ann"), "in the warehouse")
  await until(() => refused !== 0, "the order of somebody else is refused")
  const beside: unknown[] = []
  await listening(ann, "private-orders.42", beside)
  await ann.post("/orders/42/ship", {}, { "X-Socket-ID": echo.socketId() ?? "" })
  await until(() => beside.length === 1, "centrifuge-js on the same channel hears it")
  await ann.post("/orders/42/ship")
  await until(() => events.includes("shipped SF1234567890"), "shipped")
  expect(events.filter((event) => event.startsWith("shipped"))).toHaveLength(1)
})

test("a notice card to the customer who is logged in", async () => {
  const ann = await customer("ann")
  await ann.post("/orders/42/notice")
  await ann.post("/orders/42/notice")
  const client = ann.client()
  await client.ready(20_000)
  const { data } = await client.rpc("chat.hello", {})
  const notices = (data.conversations as Membership[]).filter(({ kind }) => kind === "direct")
  expect(notices).toMatchObject([{ name: "Shop", unread: 1, last_message: { card: { url: "/orders/42" } } }])
})

test("logging out in Laravel closes the login's sockets within a second, by cookie and by token; other logins stay", async () => {
  const [laptop, phone] = [await customer("ann"), await customer("ann")]
  const byCookie = laptop.client()
  const token = ((await laptop.get("/skein/token")) as { token: string }).token
  const byToken = new Centrifuge(`${shop.skeinUrl.replace("http", "ws")}/connection/websocket`, { token })
  byToken.connect()
  open.push(byToken)
  const elsewhere = phone.client()
  await Promise.all([byCookie.ready(20_000), byToken.ready(20_000), elsewhere.ready(20_000)])
  const closings = [closingOf(byCookie), closingOf(byToken)]
  await laptop.post("/logout")
  const loggedOutAtMs = Date.now()
  for (const closing of closings)
    expect((await until(() => closing.atMs, "closed")) - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
  expect(elsewhere.state).toBe(State.Connected)
  expect((await session(laptop)).user).toBeNull()
  expect((await session(phone)).user?.name).toBe("Ann")
})

test("the route that says who is logged in only reads: what a page flashed, and where it came from, stay", async () => {
  const ann = await customer("ann")
  const before = shop.sessions()
  expect(await ann.get("/skein/whoami")).toMatchObject({
    id: 1,
    name: "Ann",
    session: expect.stringMatching(/^[\da-f]{64}$/),
  })
  expect(await new Customer(shop).get("/skein/whoami")).toMatchObject({ id: null })
  expect(shop.sessions()).toEqual(before)
})

test("a ban closes all sockets of the user", async () => {
  const [ann, fang] = [await customer("ann"), await customer("fang")]
  const client = fang.client()
  const other = ann.client()
  await Promise.all([client.ready(20_000), other.ready(20_000)])
  const closing = closingOf(client)
  await ann.post("/ban/2")
  const bannedAtMs = Date.now()
  expect((await until(() => closing.atMs, "closed")) - bannedAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
  expect(other.state).toBe(State.Connected)
})

test("pusher-js, let into a private channel by Laravel, is closed within a second after a logout and a ban", async () => {
  for (const end of ["/logout", "/ban/2"]) {
    const [fang, ann] = [await customer("fang"), await customer("ann")]
    const [here, elsewhere] = [pusherJs(fang), pusherJs(ann)]
    const channels = [here.subscribe("private-orders.43"), elsewhere.subscribe("private-orders.42")]
    await until(() => channels.every(({ subscribed }) => subscribed), "subscribed")
    let closedAtMs: number | undefined
    here.connection.bind("state_change", () => {
      closedAtMs ??= Date.now()
    })
    await (end === "/logout" ? fang : ann).post(end)
    const endedAtMs = Date.now()
    expect((await until(() => closedAtMs, "closed")) - endedAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
    expect(elsewhere.connection.state).toBe("connected")
  }
})

test("websocket:run: other commands of Skein know the site too", async () => {
  const ann = await customer("ann")
  expect(shop.artisan("websocket:run", "whoami", "--", "--cookie", ann.cookie)).toBe("user 1 (Ann)\n")
})

test("websocket:serve shows the settings without secrets, and ends with the server on SIGTERM", async () => {
  const shown = shop.artisan("websocket:serve", "--dry-run", "--port=9")
  expect(shown).toContain("SKEIN_PORT=9\n")
  expect(shown).toContain("SKEIN_SESSIONS_FRAMEWORK=laravel\n")
  expect(shown).toContain("SKEIN_API_KEY=********\n")
  expect(shown).not.toContain(PUSHER.secret)
  expect(await shop.stopSkein()).toBe(0)
  expect(await fetch(shop.skeinUrl).catch(() => "nobody there")).toBe("nobody there")
  const late = await customer("ann")
  await expect(late.post("/orders/42/ship")).rejects.toThrow("500")
  // Nobody is kept from logging out by it.
  expect(await late.post("/logout")).toEqual([])
  expect(await late.get("/")).toEqual({ user: null })
}, 60_000)
