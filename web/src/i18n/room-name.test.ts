import { afterEach, expect, test } from "bun:test"

// The settings of a browser in which nothing has been chosen yet.
globalThis.localStorage ??= { getItem: () => null } as never
const { language } = await import("../state/settings.ts")
const { roomName } = await import("./room-name.ts")

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
