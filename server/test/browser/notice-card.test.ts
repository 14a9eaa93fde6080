import { afterAll, beforeAll, expect, test } from "bun:test"
import { composer, House, room } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open()
}, 60_000)
afterAll(() => house?.close())

const card = {
  title: "Order 42 has been shipped",
  lines: [
    { label: "Parcel", value: "SF1234567890" },
    { label: "Total", value: "¥128.00" },
    { value: "Arrives on Friday <b>" },
  ],
  url: "https://shop.example/orders/42",
  image: "/favicon.svg",
}

const post = (params: object) => house.server.api("rpc", { method: "chat.post", params })

test("a notice of the site is a card: facts beside their labels, one link, no HTML, at once and after a reload", async () => {
  const ann = await house.guest("Ann")
  await post({ room: "lobby", as: { name: "Shop" }, card })
  const notice = ann.locator("section.notice-card")
  for (const visit of ["at once", "after a reload"]) {
    await notice.waitFor()
    expect([visit, await notice.locator("li").allInnerTexts()]).toEqual([
      visit,
      ["Parcel\nSF1234567890", "Total\n¥128.00", "Arrives on Friday <b>"].map((text) =>
        expect.stringMatching(new RegExp(`^${text.replace("\n", "\\s*")}$`)),
      ),
    ])
    const link = notice.getByRole("link", { name: card.title })
    expect([await link.getAttribute("href"), await link.getAttribute("rel")]).toEqual([card.url, "noopener noreferrer"])
    // The words that say the same are for clients without cards.
    expect(await ann.locator("li.message", { has: notice }).locator(".text").count()).toBe(0)
    if (visit === "at once") await ann.reload()
  }
  const box = await notice.boundingBox()
  const [linked] = await Promise.all([
    ann.context().waitForEvent("page"),
    ann.mouse.click((box?.x ?? 0) + (box?.width ?? 0) - 8, (box?.y ?? 0) + (box?.height ?? 0) - 8),
  ])
  expect(linked.url()).toBeOneOf([card.url, "about:blank", "chrome-error://chromewebdata/"])
  await linked.close()
  expect(house.complaints).toEqual([])
})

test("words of the site's own stand above the card; a picture that is not there leaves no hole; the preview says it in words", async () => {
  const bea = await house.guest("Bea", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })
  await post({
    room: "lobby",
    text: "Good news!",
    card: { title: "Refund of ¥20.00", lines: [], image: "/nowhere.png" },
  })
  await room(bea, "Lobby").click()
  const row = bea.locator("li.message", { hasText: "Refund of ¥20.00" })
  await row.waitFor()
  expect(await row.locator(".text").innerText()).toBe("Good news!")
  await row.locator("section.notice-card img").waitFor({ state: "detached" })
  const width = await row.locator("section.notice-card").evaluate((element) => element.getBoundingClientRect().right)
  expect(width).toBeLessThanOrEqual(360)
  await composer(bea).waitFor()
})
