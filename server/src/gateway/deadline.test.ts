import { expect, test } from "bun:test"
import { systemClock } from "./clock.ts"
import { withinDeadline } from "./deadline.ts"

test("a handler that hangs is answered for", async () => {
  const response = await withinDeadline(new Promise(() => undefined), 5, systemClock)
  expect(response.status).toBe(503)
  expect(await response.text()).toContain("no answer within 5 ms")
})

test("an answer in time is passed on, and so is a failure", async () => {
  const ok = new Response("ok")
  expect(await withinDeadline(Promise.resolve(ok), 1_000, systemClock)).toBe(ok)
  expect(await withinDeadline(Promise.reject(new Error("bug")), 1_000, systemClock).catch((e) => e.message)).toBe("bug")
})
