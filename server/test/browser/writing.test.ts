import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { composer, House, message, say, texts } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open()
}, 60_000)
afterAll(() => house?.close())

/** Composes as an input method does: letters first, then the chosen candidate. */
async function compose(page: Page, steps: readonly string[], chosen: string): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  for (const text of steps) {
    await cdp.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length })
  }
  await cdp.send("Input.insertText", { text: chosen })
}

/** The Enter that confirms a candidate, as an engine reports it. */
const confirmingEnter = (page: Page, isComposing: boolean) =>
  composer(page).evaluate((field, composing) => {
    const event = new KeyboardEvent("keydown", {
      key: "Enter",
      keyCode: 229,
      isComposing: composing,
      bubbles: true,
      cancelable: true,
    } as KeyboardEventInit)
    field.dispatchEvent(event)
    return event.defaultPrevented
  }, isComposing)

test("Chinese input: the Enter that confirms a candidate sends nothing, in Chrome's order and in Safari's", async () => {
  const page = await house.guest("小雨", { locale: "zh-CN" })
  await composer(page).click()
  await compose(page, ["n", "ni", "ni h", "ni hao"], "你好")
  expect(await confirmingEnter(page, true)).toBe(false)
  expect(await confirmingEnter(page, false)).toBe(false)
  expect(await composer(page).inputValue()).toBe("你好")
  await compose(page, ["s", "shi", "shi j", "shi jie"], "世界")
  await page.keyboard.press("Enter")
  await message(page, "你好世界").waitFor()
  expect(await texts(page)).toEqual(["你好世界"])
  expect(await composer(page).inputValue()).toBe("")
})

test("while a composition is under way a push does not disturb it", async () => {
  const [page, other] = await Promise.all([house.guest("王伟", { locale: "zh-CN" }), house.guest("Otto")])
  await composer(page).click()
  const cdp = await page.context().newCDPSession(page)
  await cdp.send("Input.imeSetComposition", { text: "zhong", selectionStart: 5, selectionEnd: 5 })
  await say(other, "meanwhile")
  await message(page, "meanwhile").waitFor()
  expect(await composer(page).inputValue()).toBe("zhong")
  await cdp.send("Input.insertText", { text: "中文" })
  expect(await composer(page).inputValue()).toBe("中文")
})

test("Shift+Enter is a new line; spaces alone are not sent", async () => {
  const page = await house.guest("Pia")
  await composer(page).click()
  await page.keyboard.type("one")
  await page.keyboard.press("Shift+Enter")
  await page.keyboard.type("two")
  await page.keyboard.press("Enter")
  await message(page, "two").waitFor()
  expect((await texts(page)).at(-1)).toBe("one\ntwo")
  const before = (await texts(page)).length
  await page.keyboard.type("   ")
  await page.keyboard.press("Enter")
  await page.keyboard.type("x")
  expect((await texts(page)).length).toBe(before)
})

test("a text over the limit is not sent, and says by how much", async () => {
  const page = await house.guest("Quin")
  await composer(page).fill("界".repeat(4_001))
  await page.getByText("1 character too long").waitFor()
  await composer(page).press("Enter")
  expect(await composer(page).inputValue()).toHaveLength(4_001)
})

test("an @ offers the members; Enter takes the name and does not send; the named one sees that they are meant", async () => {
  const [rosa, sven] = await Promise.all([house.guest("Rosa"), house.guest("Sven Nilsson")])
  await composer(rosa).click()
  await rosa.keyboard.type("hi @sv")
  await rosa.getByRole("option", { name: "Sven Nilsson" }).waitFor()
  await rosa.keyboard.press("Enter")
  expect(await composer(rosa).inputValue()).toBe("hi @Sven Nilsson ")
  await rosa.keyboard.type("tea?")
  await rosa.keyboard.press("Enter")
  await sven.locator("li.message.names-me", { hasText: "tea?" }).waitFor()
  expect(await rosa.locator("li.message.names-me").count()).toBe(0)
  // Letters of a composition are not a name yet, and Esc only closes the list.
  const cdp = await rosa.context().newCDPSession(rosa)
  await rosa.keyboard.type("@")
  await rosa.getByRole("option").first().waitFor()
  await rosa.keyboard.press("Escape")
  await rosa.getByRole("option").first().waitFor({ state: "detached" })
  await cdp.send("Input.imeSetComposition", { text: "s", selectionStart: 1, selectionEnd: 1 })
  expect(await rosa.getByRole("option").count()).toBe(0)
  expect(await composer(rosa).inputValue()).toBe("@s")
})
