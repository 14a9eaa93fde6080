import { expect, test } from "bun:test"
import type { Message } from "../../contract.ts"
import { itemsOf } from "./items.ts"

const noon = new Date(2026, 3, 4, 12).getTime()
const row = (seq: number, sender_id: string, minutes: number, more: Partial<Message> = {}) => ({
  asOf: 0,
  message: {
    conversation_id: "c",
    seq,
    id: `m${seq}`,
    client_id: `client-${seq}`,
    sender_id,
    kind: "text" as const,
    body: "text",
    created_at: noon + minutes * 60_000,
    state: "live" as const,
    ...more,
  },
})
const shape = (items: ReturnType<typeof itemsOf>) =>
  items.map((item) => (item.type === "message" ? `${item.message.seq}${item.first ? " first" : ""}` : item.type))

test("one person within five minutes stands together; a pause, another person or a system line breaks the group", () => {
  const rows = [
    row(1, "ann", 0),
    row(2, "ann", 4),
    row(3, "ann", 10),
    row(4, "bob", 11),
    row(5, "bob", 12, { kind: "system" }),
    row(6, "bob", 12),
  ]
  expect(shape(itemsOf(rows, undefined, "me"))).toEqual([
    "day",
    "1 first",
    "2",
    "3 first",
    "4 first",
    "5 first",
    "6 first",
  ])
})

test("a new day gets a divider and breaks the group", () => {
  const rows = [row(1, "ann", 719), row(2, "ann", 721)]
  expect(shape(itemsOf(rows, undefined, "me"))).toEqual(["day", "1 first", "day", "2 first"])
})

test("a hole in the numbers is a gap row", () => {
  const items = itemsOf([row(3, "ann", 0), row(9, "ann", 1)], undefined, "me")
  expect(shape(items)).toEqual(["day", "3 first", "gap", "9 first"])
  expect(items[2]).toMatchObject({ from: 4, to: 8 })
})

test("the unread divider stands before the first message of somebody else after the frozen position", () => {
  const rows = [row(1, "ann", 0), row(2, "me", 1), row(3, "ann", 2), row(4, "ann", 3)]
  expect(shape(itemsOf(rows, 1, "me"))).toEqual(["day", "1 first", "2 first", "unread", "3 first", "4"])
  // The first unread message lies above what is held: no divider at a wrong place.
  expect(shape(itemsOf(rows.slice(2), 1, "me", true))).toEqual(["day", "3 first", "4"])
})
