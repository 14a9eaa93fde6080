import { expect, test } from "bun:test"
import { FakeClock } from "../core/testing/fake-clock.ts"
import { Deadlines } from "./deadline.ts"

test("a handler that hangs is answered for, one that is in time is not", async () => {
  const clock = new FakeClock()
  const deadlines = new Deadlines(1_000, clock)
  const hanging = deadlines.within(new Promise(() => undefined))
  clock.advance(500)
  const later = Promise.withResolvers<Response>()
  const inTime = deadlines.within(later.promise)
  clock.advance(500)
  deadlines.sweep()
  const response = await hanging
  expect(response.status).toBe(503)
  expect(await response.text()).toContain("no answer within 1000 ms")
  const ok = new Response("ok")
  later.resolve(ok)
  expect(await inTime).toBe(ok)
})

test("a failure is passed on", async () => {
  const deadlines = new Deadlines(1_000, new FakeClock())
  expect(await deadlines.within(Promise.reject(new Error("bug"))).catch((error) => error.message)).toBe("bug")
})
