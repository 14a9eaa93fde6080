import { expect, test } from "bun:test"
import fc from "fast-check"
import { RuleBook } from "../../core/rules.ts"
import { Apps } from "./apps.ts"
import { channelNameProblem, kindOf } from "./channel-kinds.ts"
import { dataLiteral, dataText, toDraft } from "./event-data.ts"
import { pusherRules } from "./rules.ts"
import { formatSocketId, pageNumber, parseSocketId } from "./socket-id.ts"
import { appWith } from "./testing/app-with.ts"

const shared = appWith({ id: "one", keys: [{ key: "k1", secret: "s" }], sharesChannels: true })
const apart = appWith({ id: "two", keys: [{ key: "k2", secret: "s" }] })
const apps = new Apps([shared, apart])

test("every channel of core is one app's, and that app finds it again", () => {
  fc.assert(
    fc.property(fc.constantFrom(...apps.all), fc.string({ minLength: 1 }), fc.boolean(), (app, text, isUser) => {
      const channel = isUser ? `#server-to-user-${text.toWellFormed()}` : text
      if (!isUser && channelNameProblem(channel, "any", 200) !== undefined) return
      const core = app.toCore(channel)
      expect(core).toMatch(/^[\x21-\x7e]+$/)
      expect(apps.ofChannel(core)).toEqual({ app, channel })
    }),
  )
})

test("a name of core that no app has made is no reason to fall over", () => {
  expect(apps.ofChannel("#server-to-user-%FF")?.channel).toBe("#server-to-user-%FF")
  expect(apps.ofChannel("app:two")).toBeUndefined()
  expect(apps.ofChannel("app:")).toBeUndefined()
})

test("no name that a client can use is in another app's namespace", () => {
  for (const name of ["app:two:news", "app:", "app:one:x"]) {
    expect(channelNameProblem(name, "pusher", 200)).toBeDefined()
    expect(channelNameProblem(name, "any", 200)).toBeDefined()
  }
})

test("apps that claim the same id, key or channels are refused", () => {
  expect(() => new Apps([shared, { ...apart, id: "one" }])).toThrow('id "one"')
  expect(() => new Apps([shared, { ...apart, keys: shared.keys }])).toThrow('key "k1"')
  expect(() => new Apps([shared, { ...apart, sharesChannels: true }])).toThrow("only one app")
  expect(() => new Apps([{ ...apart, id: "a:b" }])).toThrow("id of a Pusher app")
})

test("the rules: protected names need a token in every namespace, another app's names are closed to all", () => {
  const rules = new RuleBook(pusherRules([shared, apart]))
  for (const name of [
    "private-a",
    "presence-cache-a",
    "#server-to-user-1",
    "app:two:private-a",
    "app:two:news",
    "news",
  ])
    expect(rules.find(name)?.subscribe).toBe("token")
  expect(rules.find("app:three:news")?.subscribe).toBe("nobody")
  expect(rules.find("app:two:presence-a")).toMatchObject({ presence: true, joinLeave: true })
  expect(rules.find("app:two:cache-a")?.historySize).toBe(1)
  expect(new RuleBook(pusherRules([apart])).find("news")).toBeUndefined()
})

test("kinds go by the whole prefix, with its dash, at the beginning", () => {
  expect(kindOf("private-encrypted-cache-a")).toEqual({ access: "private", encrypted: true, cache: true })
  expect(kindOf("private-encrypted-a")).toEqual({ access: "private", encrypted: true, cache: false })
  expect(kindOf("presence-cache-a")).toEqual({ access: "presence", encrypted: false, cache: true })
  for (const name of ["privateer", "private", "my-private-a", "cached", "presences", "xcache-a"])
    expect(kindOf(name)).toEqual({ access: "public", encrypted: false, cache: false })
})

test("data is opaque: whatever text goes in comes out, and is JSON on the way", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.string()), (text) => {
      const data = text.toWellFormed()
      const draft = toDraft("e", data)
      JSON.parse(draft.data)
      expect(dataText({ ...draft, timeMs: 0 })).toBe(data)
      expect(JSON.parse(dataLiteral({ ...draft, timeMs: 0 }) ?? "")).toBe(data)
    }),
  )
})

test("a socket id carries its page through reconnects, and shows nothing of the page id", () => {
  const page = pageNumber("one", "0123456789abcdef")
  expect(pageNumber("one", "0123456789abcdef")).toBe(page)
  expect(pageNumber("two", "0123456789abcdef")).not.toBe(page)
  const text = formatSocketId({ connection: 7, page })
  expect(text).toMatch(/^\d+\.\d+$/)
  expect(parseSocketId(text)).toEqual({ connection: 7, page })
  for (const bad of ["", "1", "1.", ".1", "1.2.3", "a.b", "1.2\n", " 1.2", "12345678901234567.1"])
    expect(parseSocketId(bad)).toBeUndefined()
})
