import { expect, test } from "bun:test"
import { backoffMs } from "./backoff.ts"
import { Courier } from "./courier.ts"
import type { Delivery } from "./send.ts"

/** A courier whose clock, disk and network are in the test's hand. */
function courier(change: { batch?: boolean; maxAgeMs?: number; maxWaiting?: number } = {}) {
  const time = { nowMs: 0 }
  const kept = new Map<number, string>()
  const logged: string[] = []
  /** Requests under way. */
  const requests: { delivery: Delivery; succeed(): Promise<void>; fail(why: string): Promise<void> }[] = []
  const endpoint = {
    id: "e",
    appId: "1",
    url: "https://user:pass@shop.example/hook?token=hush",
    key: "k",
    secret: "s",
    events: [],
    prefix: "",
    batch: true,
    maxAgeMs: 60_000,
    maxWaiting: 1_000,
    maxWaitingBytes: 1_000_000,
    timeoutMs: 1_000,
    ...change,
  }
  const settled = () => new Promise<void>((done) => setImmediate(done))
  const one = new Courier(endpoint, {
    body: (sequence) => ({ id: `id-${sequence}`, body: kept.get(sequence) ?? "" }),
    remove: (sequences) => {
      for (const sequence of sequences) kept.delete(sequence)
    },
    send: (delivery) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void) => {
          requests.splice(requests.indexOf(request), 1)
          act()
          return settled()
        }
        const request = {
          delivery,
          succeed: () => finish(resolve),
          fail: (why: string) => finish(() => reject(new Error(why))),
        }
        requests.push(request)
      }),
    nowMs: () => time.nowMs,
    random: () => 0,
    log: (_level, fields, message) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  })
  let sequence = 0
  const add = (channel: string) => {
    kept.set(++sequence, JSON.stringify({ channel, n: sequence }))
    one.add({ sequence, endpoint: "e", channel, timeMs: time.nowMs, bytes: 100 })
    one.work()
  }
  const wait = (ms: number) => {
    time.nowMs += ms
    one.work()
    one.giveUp()
  }
  return { one, requests, kept, logged, add, wait }
}

test("no more than four requests at a time, and one while the endpoint is in trouble", async () => {
  const { requests, add, wait } = courier({ batch: false })
  for (const channel of ["a", "b", "c", "d", "e", "f"]) add(channel)
  expect(requests).toHaveLength(4)
  for (const request of [...requests]) await request.fail("answered 500")
  expect(requests).toHaveLength(0)
  wait(60_000)
  expect(requests).toHaveLength(1)
})

test("what was delivered is forgotten, what was not is tried again with the same text and time", async () => {
  const { one, requests, kept, add, wait } = courier()
  add("a")
  const first = requests[0]?.delivery
  await requests[0]?.fail("answered 500")
  expect(one.stats).toMatchObject({ waiting: 1, failures: 1, lastError: "answered 500" })
  wait(1_000)
  expect(requests[0]?.delivery).toMatchObject({ body: first?.body ?? "", id: "id-1", attempt: 2 })
  await requests[0]?.succeed()
  expect(kept.size).toBe(0)
  expect(one.stats).toMatchObject({ waiting: 0, failures: 0, delivered: 1, failedRequests: 1 })
})

test("events of one channel wait for each other and then go together, at most fifty", async () => {
  const { requests, add } = courier()
  for (let n = 0; n < 61; n++) add("a")
  const sizes = []
  while (requests[0]) {
    expect(requests).toHaveLength(1)
    sizes.push(JSON.parse(requests[0].delivery.body).events.length)
    await requests[0].succeed()
  }
  expect(sizes).toEqual([1, 50, 10])
})

test("too old or too many: given up, counted, and said in the log without the secrets of the address", async () => {
  const { one, requests, kept, logged, add, wait } = courier({ maxWaiting: 3 })
  add("a")
  await requests[0]?.fail("answered 503")
  for (let n = 0; n < 5; n++) add("b")
  wait(100)
  expect(kept.size).toBe(3)
  wait(60_001)
  await requests[0]?.fail("answered 503")
  wait(0)
  expect(kept.size).toBe(0)
  expect(one.stats.dropped).toBe(6)
  expect(logged.join()).toContain("gave up webhook events")
  expect(logged.join()).not.toContain("hush")
  expect(logged.join()).not.toContain("pass")
})

test("the wait grows to a minute, with up to a fifth more", () => {
  expect([1, 2, 3, 7, 100].map((failures) => backoffMs(failures, () => 0))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ])
  expect(backoffMs(1, () => 1)).toBe(1_200)
})
