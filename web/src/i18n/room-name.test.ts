import { afterEach, expect, test } from "bun:test"

// The settings of a browser in which nothing has been chosen yet.
globalThis.localStorage ??= { getItem: () => null } as never
const { language } = await import("../state/settings.ts")
const { inReadersWords, roomName } = await import("./room-name.ts")

afterEach(() => {
  language.value = "system"
})

test("the lobby has the reader's name for it, whichever language the server was started in", () => {
  language.value = "zh-CN"
  expect(roomName({ slug: "lobby", name: "Lobby" })).toBe("大厅")
  language.value = "en"
  expect(roomName({ slug: "lobby", name: "大厅" })).toBe("Lobby")
})

test("a name that somebody gave stays, and other rooms called so are no lobby", () => {
  language.value = "zh-CN"
  expect(roomName({ slug: "lobby", name: "Reception" })).toBe("Reception")
  expect(roomName({ slug: "lobby-2", name: "Lobby" })).toBe("Lobby")
  expect(roomName({ name: "Lobby" })).toBe("Lobby")
})

test("the site speaks under the reader's word for it, unless it has a name of its own", () => {
  language.value = "en"
  expect(inReadersWords({ id: "_site", name: "通知" }).name).toBe("Notice")
  expect(roomName({ name: "通知", peer: { id: "_site", name: "通知" } })).toBe("Notice")
  expect(inReadersWords({ id: "_site", name: "Tea Shop" }).name).toBe("Tea Shop")
  expect(inReadersWords({ id: "42", name: "通知" }).name).toBe("通知")
})
