import { expect, test } from "bun:test"
import { ModelConversation } from "./model.ts"
import { applyStep, emptyThread, heard, isBehind, merged, type Thread } from "./thread.ts"

function threadOf(lines: number): Thread {
  const server = new ModelConversation(100)
  let thread: Thread = { ...emptyThread(0, 0), loaded: true }
  for (let n = 0; n < lines; n++) thread = applyStep(thread, server.send(`line ${n}`)).thread
  return thread
}

const senders = (thread: Thread) => thread.rows.map(({ message }) => message.sender_id)

test("a guest's messages are the member's at once, and the change it counts as is not missed", () => {
  const after = heard(merged(threadOf(2), "u", "42", 1), 2, 1)
  expect(senders(after)).toEqual(["42", "42"])
  expect(isBehind(after)).toBe(false)
})

test("whoever missed a change before it asks for everything", () => {
  expect(isBehind(heard(merged(threadOf(1), "u", "42", 2), 1, 2))).toBe(true)
})

test("where the guest did not speak nothing changes", () => {
  const before = threadOf(1)
  const after = heard(merged(before, "g_1", "42", 0), 1, 0)
  expect(senders(after)).toEqual(["u"])
  expect(isBehind(after)).toBe(false)
})
