import { expect, test } from "bun:test"
import { Recovery } from "./recovery.ts"

const succeeded = (data: object, channel = "a") => ({ event: "pusher_internal:subscription_succeeded", channel, data })
const publication = (data: object, channel = "a") => ({ event: "pusher_internal:publication", channel, data })

test("publications come through once and in order, as stock pusher-js would have read them", () => {
  const recovery = new Recovery()
  recovery.translate(succeeded({ recovery: { epoch: "e", offset: 4 } }))
  const event = { offset: 5, event: "n", data: '{"n":5}', user_id: "ann" }
  expect(recovery.translate(publication(event))).toEqual([{ event: "n", channel: "a", data: { n: 5 }, user_id: "ann" }])
  expect(recovery.translate(publication(event))).toEqual([])
  expect(recovery.translate(publication({ ...event, offset: 4 }))).toEqual([])
  expect(recovery.positionOf("a")).toEqual({ epoch: "e", offset: 5 })
})

test("text that is not JSON stays text", () => {
  const recovery = new Recovery()
  recovery.translate(succeeded({ recovery: { epoch: "e", offset: 0 } }))
  expect(recovery.translate(publication({ offset: 1, event: "n", data: "{bad" }))).toEqual([
    { event: "n", channel: "a", data: "{bad" },
  ])
})

test("a skipped place only moves the position", () => {
  const recovery = new Recovery()
  recovery.translate(succeeded({ recovery: { epoch: "e", offset: 0 } }))
  expect(recovery.translate(publication({ offset: 1 }))).toEqual([])
  expect(recovery.positionOf("a")).toEqual({ epoch: "e", offset: 1 })
})

test("what cannot be recovered is a gap, told after the subscription", () => {
  const recovery = new Recovery()
  const data = { presence: { count: 0 }, recovery: { epoch: "f", offset: 9, was_recovering: true, recovered: false } }
  const [first, second] = recovery.translate(succeeded(data))
  expect(first?.data).toEqual({ presence: { count: 0 } })
  expect(second?.event).toBe("skein:gap")
  expect(recovery.positionOf("a")).toEqual({ epoch: "f", offset: 9 })
})

test("a cache channel's last event is let through once, however often it is subscribed", () => {
  const recovery = new Recovery()
  const cached = publication({ offset: 5, event: "n", data: "5" })
  recovery.translate(succeeded({ recovery: { epoch: "e", offset: 4, was_recovering: false } }))
  expect(recovery.translate(cached)).toHaveLength(1)
  recovery.translate(succeeded({ recovery: { epoch: "e", offset: 4, was_recovering: false } }))
  expect(recovery.translate(cached)).toEqual([])
  recovery.translate(succeeded({ recovery: { epoch: "f", offset: 0, was_recovering: false } }))
  expect(recovery.translate(publication({ offset: 1, event: "n", data: "1" }))).toHaveLength(1)
})

test("channels without history, and every other message, pass untouched", () => {
  const recovery = new Recovery()
  for (const message of [succeeded({}), { event: "n", channel: "a", data: 1 }, { event: "pusher:pong", data: {} }])
    expect(recovery.translate(message)).toEqual([message])
  expect(recovery.positionOf("a")).toBeUndefined()
})
