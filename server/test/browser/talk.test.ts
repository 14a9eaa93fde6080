import { afterAll, beforeAll, expect, test } from "bun:test"
import { SignJWT } from "jose"
import { TOKEN_SECRET } from "../support/server.ts"
import { until } from "../support/until.ts"
import { composer, House, message, room, say, texts } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open({ SKEIN_CHAT_CREATE_ROOMS: "anyone" })
}, 60_000)
afterAll(() => house?.close())

test("a visitor names themselves where messages are written, and a taken name is said beside it", async () => {
  const ann = await house.visitor()
  await ann.getByRole("heading", { name: "Come in" }).waitFor()
  await ann.getByRole("textbox", { name: "Your name" }).fill("Ann")
  await ann.keyboard.press("Enter")
  await ann.getByRole("heading", { level: 1, name: "Lobby" }).waitFor()
  expect(await ann.locator(".self-name").innerText()).toBe("Ann")

  const other = await house.visitor()
  await other.getByRole("textbox").fill("Ann")
  await other.keyboard.press("Enter")
  await other.getByText("Someone already goes by that name").waitFor()
  await other.getByRole("textbox").fill("Bea")
  await other.keyboard.press("Enter")
  await other.getByRole("heading", { level: 1, name: "Lobby" }).waitFor()
})

test("messages go both ways, once each, in one order; HTML stays text", async () => {
  const [cleo, dan] = await Promise.all([house.guest("Cleo"), house.guest("Dan")])
  await say(cleo, "Hello Dan <b>bold</b> $& 你好")
  await message(dan, "Hello Dan <b>bold</b> $& 你好").waitFor()
  await say(dan, "Hello Cleo")
  await message(cleo, "Hello Cleo").waitFor()
  for (let i = 1; i <= 5; i++) await say(cleo, `line ${i}`)
  await message(dan, "line 5").waitFor()
  await message(cleo, "line 5").waitFor()
  const seen = await texts(dan)
  expect(seen).toEqual(await texts(cleo))
  expect(seen.slice(-5)).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5"])
  expect(await dan.locator(".text b").count()).toBe(0)
  // Consecutive messages of one person stand under one name.
  expect(await dan.locator("li.message.first", { hasText: "line 2" }).count()).toBe(0)
})

test("typing shows and goes away", async () => {
  const [eva, finn] = await Promise.all([house.guest("Eva"), house.guest("Finn")])
  await composer(eva).pressSequentially("Hm")
  await finn.locator(".typing-line", { hasText: "Eva is typing" }).waitFor()
  await say(eva, "mmm")
  await message(finn, "Hmmmm").waitFor()
  await finn.locator(".typing-line", { hasText: "Eva is typing" }).waitFor({ state: "detached" })
})

test("rooms are made, found, joined and left; unread is counted, shown in the title, and read by looking", async () => {
  const [gil, hana] = await Promise.all([house.guest("Gil"), house.guest("Hana")])
  await gil.getByRole("button", { name: "Browse rooms" }).click()
  await gil.getByRole("button", { name: "New room" }).click()
  await gil.getByRole("textbox", { name: "Name", exact: true }).fill("Tea house")
  await gil.getByRole("button", { name: "Create room" }).click()
  await gil.getByRole("heading", { level: 1, name: "Tea house" }).waitFor()
  await gil.getByText("Nothing here yet. Be the first to say something.").waitFor()
  await say(gil, "First!")
  await message(gil, "First!").waitFor()
  await gil.getByText("Nothing here yet").waitFor({ state: "detached" })

  await hana.getByRole("button", { name: "Browse rooms" }).click()
  await hana.getByRole("button", { name: "Join Tea house" }).click()
  await message(hana, "First!").waitFor()
  await room(hana, "Lobby").click()
  await hana.getByRole("heading", { level: 1, name: "Lobby" }).waitFor()
  await say(gil, "Second")
  await say(gil, "Third")
  await until(async () => (await room(hana, "Tea house").locator(".badge").innerText()).startsWith("2"), "2 unread")
  await until(async () => /^\(\d+\) /.test(await hana.title()), "count in the title")

  await room(hana, "Tea house").click()
  await message(hana, "Third").waitFor()
  await hana.locator(".unread-line").waitFor()
  await room(hana, "Tea house").locator(".badge").waitFor({ state: "detached" })
  // Frozen: reading does not move it.
  expect(await hana.locator(".unread-line + li").innerText()).toContain("Second")

  await hana.locator(".room-header").getByRole("button", { name: "Room menu" }).click()
  await hana.getByRole("button", { name: "Leave room" }).click()
  await hana.getByRole("button", { name: "Leave", exact: true }).click()
  await room(hana, "Tea house").waitFor({ state: "detached" })
  await say(gil, "Anyone?")
  await message(gil, "Anyone?").waitFor()
  expect(await message(hana, "Anyone?").count()).toBe(0)

  // The link of a room opened a moment ago is a door, too.
  await gil.getByRole("button", { name: "Browse rooms" }).click()
  await gil.getByRole("button", { name: "New room" }).click()
  await gil.getByRole("textbox", { name: "Name", exact: true }).fill("Boat house")
  await gil.getByRole("button", { name: "Create room" }).click()
  await gil.getByRole("heading", { level: 1, name: "Boat house" }).waitFor()
  await hana.goto(gil.url())
  await hana.getByRole("button", { name: "Join Boat house" }).click()
  await hana.getByRole("heading", { level: 1, name: "Boat house" }).waitFor()
  await room(hana, "Boat house").waitFor()
})

test("edit, delete and reply are seen by the other", async () => {
  const [ida, jon] = await Promise.all([house.guest("Ida"), house.guest("Jon")])
  await say(ida, "Teh tea")
  for (const page of [ida, jon]) await message(page, "Teh tea").waitFor()
  await composer(ida).press("ArrowUp")
  await ida.getByText("Editing your message").waitFor()
  await composer(ida).fill("The tea")
  await composer(ida).press("Enter")
  await message(jon, "The tea (edited)").waitFor()
  await message(ida, "The tea (edited)").waitFor()

  await message(jon, "The tea").hover()
  await jon.getByRole("button", { name: "Reply" }).click()
  await say(jon, "With milk")
  await message(ida, "With milk").locator(".quote", { hasText: "The tea" }).waitFor()

  await message(ida, "The tea (edited)").first().hover()
  await ida.getByRole("button", { name: "Delete" }).click()
  await ida.locator(".question").getByRole("button", { name: "Delete" }).click()
  await jon.locator(".tombstone").waitFor()
  expect(await jon.locator(".text", { hasText: "The tea" }).count()).toBe(0)
})

test("a direct message is opened from the member list and arrives as one", async () => {
  const [kim, leo] = await Promise.all([house.guest("Kim"), house.guest("Leo")])
  await kim.locator(".members").getByRole("button", { name: /^Leo/ }).click()
  await kim.getByRole("heading", { level: 1, name: "Leo" }).waitFor()
  await say(kim, "Just us")
  await room(leo, "Kim").locator(".badge").waitFor()
  await room(leo, "Kim").click()
  await message(leo, "Just us").waitFor()
})

test("two tabs of one person: what is said in one stands in the other, unread nowhere; what is read in one is read in both", async () => {
  const [left, oleg] = await Promise.all([house.guest("Nina"), house.guest("Oleg")])
  const right = await left.context().newPage()
  await right.goto(house.server.url)
  await composer(right).waitFor()
  await say(left, "from the left tab")
  await message(right, "from the left tab").waitFor()
  expect(await room(right, "Lobby").locator(".badge").count()).toBe(0)

  // Only what somebody looks at is read: both tabs are turned to another room.
  for (const page of [left, right]) {
    await page.locator(".members").getByRole("button", { name: /^Oleg/ }).click()
    await page.getByRole("heading", { level: 1, name: "Oleg" }).waitFor()
  }
  await say(oleg, "to both tabs")
  for (const page of [left, right]) await room(page, "Lobby").locator(".badge", { hasText: "1" }).waitFor()
  await room(left, "Lobby").click()
  await message(left, "to both tabs").waitFor()
  await room(left, "Lobby").locator(".badge").waitFor({ state: "detached" })
  await room(right, "Lobby").locator(".badge").waitFor({ state: "detached" })
})

test("a guest who takes another name has it at once in the pages of the others", async () => {
  const [quinn, rosa] = await Promise.all([house.guest("Quinn"), house.guest("Rosa")])
  await quinn.locator(".members").getByRole("button", { name: /^Rosa/ }).click()
  await quinn.locator(".room-header h1", { hasText: "Rosa" }).waitFor()
  await say(quinn, "for you alone")
  await room(rosa, "Quinn").waitFor()
  await rosa.locator(".self-button").click()
  await rosa.getByLabel("Display name").fill("Rosalind")
  await rosa.getByRole("button", { name: "Rename" }).click()
  await quinn.locator(".room-header h1", { hasText: "Rosalind" }).waitFor()
  await room(quinn, "Rosalind").waitFor()
  await room(quinn, "Lobby").click()
  await quinn
    .locator(".members")
    .getByRole("button", { name: /^Rosalind/ })
    .waitFor()
})

test("text is copied where the browser has no clipboard for pages without TLS", async () => {
  const page = await house.guest("Pia", {}, (blank) =>
    blank.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined })),
  )
  await say(page, "worth keeping")
  await message(page, "worth keeping").hover()
  await page.getByRole("button", { name: "Copy text" }).click()
  await page.locator(".toast", { hasText: "Copied" }).waitFor()
  await composer(page).click()
  await page.keyboard.press("Control+v")
  expect(await composer(page).inputValue()).toBe("worth keeping")
})

test("presence: who is here is shown online, and offline after leaving", async () => {
  const [mia, ned] = await Promise.all([house.guest("Mia"), house.guest("Ned")])
  const nedThere = mia.locator(".member:not(.away)", { hasText: "Ned" })
  await nedThere.waitFor()
  await ned.context().close()
  await mia.locator(".member.away", { hasText: "Ned" }).waitFor({ timeout: 20_000 })
})

test("a site's token in the address signs its user in, and is gone from the address", async () => {
  const claims = { sub: "user-42", name: "Priya Raman", info: { name: "Priya Raman" } }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(TOKEN_SECRET))
  const page = await house.visitor({}, undefined, `/#token=${token}`)
  await page.locator(".self-name", { hasText: "Priya Raman" }).waitFor()
  expect(page.url()).not.toContain("token")
  await page.locator(".self-button").click()
  // Members are named by their site.
  expect(await page.getByRole("textbox", { name: "Display name" }).count()).toBe(0)

  // A link of another's followed on the open page: the page is theirs, and nothing of the link is left.
  const other = await new SignJWT({ sub: "user-43", info: { name: "Quentin Sato" } })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(TOKEN_SECRET))
  await composer(page).waitFor()
  await page.goto(`${house.server.url}/#token=${other}`)
  await page.locator(".self-name", { hasText: "Quentin Sato" }).waitFor()
  expect(page.url()).not.toContain("token")
})

test("a bad, mangled token in the address leaves the page as it is for visitors", async () => {
  const page = await house.visitor({}, undefined, "/#token=%E0%A4%A")
  await page.getByRole("heading", { name: "Please sign in" }).waitFor()
  expect(page.url()).not.toContain("token")
})

test("no page complained: no script error, nothing against the content policy", () => {
  expect(house.complaints).toEqual([])
})
