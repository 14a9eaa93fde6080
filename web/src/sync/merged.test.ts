import { expect, test } from "bun:test"
import { applyPage } from "./pages.ts"
import { ModelConversation } from "./testing/model.ts"
import { applyStep, emptyThread, heard, isBehind, merged } from "./thread.ts"

function talk() {
  const server = new ModelConversation(50)
  server.send("one")
  server.send("two")
  return { server, thread: applyPage(emptyThread(0, 0), server.page({}, 50), "newest") }
}

test("a guest who spoke becomes the member, and the merge counts as the next change", () => {
  const { thread } = talk()
  const after = heard(merged(thread, "u", "member", 1), 2, 1)
  expect(after.rows.map((row) => row.message.sender_id)).toEqual(["member", "member"])
  expect(isBehind(after)).toBe(false)
})

test("the merge of a guest who did not speak does not hide a change that was missed", () => {
  const { server, thread } = talk()
  const missed = server.change(1, "edit", "ONE")
  const after = heard(merged(thread, "somebody else", "member", 1), 2, 1)
  expect(isBehind(after)).toBe(true)
  expect(applyStep(after, missed).thread.rows[0]?.message.body).toBe("ONE")
})
