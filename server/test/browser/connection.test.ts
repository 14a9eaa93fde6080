import { afterAll, beforeAll, expect, test } from "bun:test"
import { composer, House, message, say, texts } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open()
})
afterAll(() => house.close())

const count = (all: string[], text: string): number => all.filter((one) => one === text).length

test("kill -9 and start again on the same data: everyone is back, nothing lost, nothing doubled", async () => {
  const [ann, ben] = await Promise.all([house.guest("Ann"), house.guest("Ben")])
  await say(ann, "before")
  await message(ben, "before").waitFor()
  await house.server.kill()
  await ann.locator(".banner", { hasText: "offline" }).waitFor()
  await say(ann, "written in the dark")
  await ann.locator("li.message.queued", { hasText: "written in the dark" }).waitFor()
  await house.server.begin()
  await ann
    .getByRole("button", { name: "Retry now" })
    .click({ timeout: 2_000 })
    .catch(() => undefined)
  await message(ann, "written in the dark").waitFor({ timeout: 25_000 })
  await message(ben, "written in the dark").waitFor({ timeout: 25_000 })
  await ann.locator(".banner").waitFor({ state: "detached" })
  await say(ben, "after")
  await message(ann, "after").waitFor()
  expect(await texts(ann)).toEqual(["before", "written in the dark", "after"])
  expect(await texts(ben)).toEqual(["before", "written in the dark", "after"])
})

test("written offline, kept over a reload, delivered once and in order", async () => {
  const [cleo, dan] = await Promise.all([house.guest("Cleo"), house.guest("Dan")])
  await cleo.context().setOffline(true)
  await say(cleo, "offline one")
  await say(cleo, "offline two")
  await cleo.locator("li.message.queued", { hasText: "offline two" }).waitFor()
  // The page itself can only be had online; what matters is that the letters outlive it.
  await cleo.close({ runBeforeUnload: true })
  const again = await cleo.context().newPage()
  await cleo.context().setOffline(false)
  await again.goto(house.server.url)
  await message(again, "offline two").waitFor()
  await message(dan, "offline two").waitFor()
  for (const page of [again, dan]) {
    const all = await texts(page)
    expect(count(all, "offline one")).toBe(1)
    expect(count(all, "offline two")).toBe(1)
    expect(all.indexOf("offline one")).toBeLessThan(all.indexOf("offline two"))
  }
})

test("an answer lost on the way: the message is sent again and stands once", async () => {
  const [eva, finn] = await Promise.all([house.guest("Eva"), house.guest("Finn")])
  // Everything the server says from here on is lost, as when a network dies between commit and answer.
  const cdp = await eva.context().newCDPSession(eva)
  await eva.routeWebSocket(/connection/, (socket) => socket.connectToServer())
  await say(eva, "once only")
  await cdp.send("Network.enable")
  await eva.context().setOffline(true)
  await eva.context().setOffline(false)
  await message(finn, "once only").waitFor()
  await message(eva, "once only").waitFor()
  await finn.reload()
  await message(finn, "once only").waitFor()
  expect(count(await texts(finn), "once only")).toBe(1)
  expect(count(await texts(eva), "once only")).toBe(1)
})

test("a draft survives a reload, and is gone once sent", async () => {
  const gil = await house.guest("Gil")
  await composer(gil).fill("half a thought")
  await gil.reload()
  await composer(gil).waitFor()
  expect(await composer(gil).inputValue()).toBe("half a thought")
  await composer(gil).press("Enter")
  await message(gil, "half a thought").waitFor()
  expect(await composer(gil).inputValue()).toBe("")
})

test("after signing out nothing of the person remains in the browser", async () => {
  const hana = await house.guest("Hana")
  await composer(hana).fill("secret draft")
  await hana.locator(".self-button").click()
  await hana.getByRole("button", { name: "Sign out" }).click()
  await hana.getByRole("dialog").getByRole("button", { name: "Sign out" }).click()
  await hana.getByRole("textbox", { name: "Your name" }).waitFor()
  const left = await hana.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    keys: Object.keys(localStorage),
    cookie: document.cookie,
  }))
  expect(left).toEqual({ databases: [], keys: [], cookie: "" })
  await hana.getByRole("textbox").fill("Ida")
  await hana.keyboard.press("Enter")
  await composer(hana).waitFor()
  expect(await composer(hana).inputValue()).toBe("")
})
