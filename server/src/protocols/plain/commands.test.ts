import { expect, test } from "bun:test"
import { SkeinError } from "../../core/errors.ts"
import { readFrame } from "./commands.ts"

const commandOf = (command: unknown) => {
  const reading = readFrame(JSON.stringify(command))
  return reading.kind === "command" ? reading.command : undefined
}

function refusalOf(command: unknown): string {
  try {
    readFrame(JSON.stringify(command))
  } catch (error) {
    if (error instanceof SkeinError && error.code === "bad_request") return error.message
    throw error
  }
  throw new Error("the command was accepted")
}

test("PLAIN-33 a command that is not well formed is told what was expected and what came", () => {
  const roomId = "expected a text of 1 to 60 characters or a whole number"
  expect(refusalOf({ type: "subscribe" })).toBe(
    "subscribe: channel: expected the name of a channel, a text, got nothing",
  )
  expect(refusalOf({ type: "subscribe", channel: "c", token: 5 })).toBe("subscribe: token: expected a text, got 5")
  expect(refusalOf({ type: "join_room", room_id: null })).toBe(`join_room: room_id: ${roomId}, got null`)
  expect(refusalOf({ type: "join_room", room_id: " " })).toBe(`join_room: room_id: ${roomId}, got " "`)
  expect(refusalOf({ type: "join_room", room_id: 1.5 })).toBe(`join_room: room_id: ${roomId}, got 1.5`)
  expect(refusalOf({ type: "history", limit: "9" })).toBe('history: limit: expected a whole number from 1 on, got "9"')
  expect(refusalOf({ type: "history", since: { epoch: "e" } })).toEndWith(
    "as an answer of the server had it, got nothing",
  )
})

test("what came is not given back at length, and not looked into", () => {
  expect(refusalOf({ type: "join_room", room_id: "x".repeat(90_000) }).length).toBeLessThan(150)
  expect(refusalOf({ type: "join_room", room_id: [["x"]] })).toEndWith("got a list")
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`
  expect(() => readFrame(`{"type":"history","since":${deep}}`)).toThrow("got a list")
})

test("PLAIN-29 more than a page of history may be asked for; no more than a page is given", () => {
  const history = { type: "history", limit: 20 } as const
  expect(commandOf({ type: "history" })).toEqual(history)
  expect(commandOf({ type: "history", limit: 1_000_000 })).toEqual({ ...history, limit: 100 })
  expect(commandOf({ type: "history", room_id: 7 })).toEqual({ ...history, room_id: "7" })
})
