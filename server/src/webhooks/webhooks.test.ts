import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock } from "../core/clock.ts"
import { FakeClock } from "../core/testing/fake-clock.ts"
import type { WebhookEndpoint } from "./event.ts"
import { Webhooks, type WebhooksOptions } from "./webhooks.ts"

/** The node's side while its webhook process takes nothing: it has not been started. */
function waiting(more: Partial<WebhooksOptions> = {}) {
  const logged: string[] = []
  const say = (_fields: object, message: string) => void logged.push(message)
  const endpoint: WebhookEndpoint = {
    id: "e",
    appId: "1",
    url: "http://127.0.0.1/hook",
    key: "k",
    secret: "s",
    events: ["client_event"],
    prefix: "private-",
    batch: true,
    maxAgeMs: 60_000,
    maxWaiting: 1_000,
    maxWaitingBytes: 1_000_000,
    timeoutMs: 1_000,
  }
  const webhooks = new Webhooks({
    dataDir: "/nowhere",
    endpoints: [endpoint],
    clock: new FakeClock(),
    log: { debug: say, info: say, warn: say, error: say } as never,
    onTold: () => undefined,
    ...more,
  })
  const whisper = (data: string, channel = "private-a") =>
    webhooks.add({ appId: "1", name: "client_event", channel, fields: { event: "client-e", data } })
  return { webhooks, whisper, logged }
}

test("what nobody wants is not kept", () => {
  const { webhooks, whisper } = waiting()
  whisper("x", "public")
  webhooks.add({ appId: "1", name: "cache_miss", channel: "private-a" })
  webhooks.add({ appId: "2", name: "client_event", channel: "private-a" })
  expect(webhooks.stats).toMatchObject({ unsaved: 0, lost: 0 })
  whisper("x")
  expect(webhooks.stats.unsaved).toBe(1)
})

test("a process that takes nothing does not fill the memory: the oldest are lost, counted, and said so", () => {
  const { webhooks, whisper, logged } = waiting()
  const megabyte = "x".repeat(1_048_576)
  for (let n = 0; n < 100; n++) whisper(megabyte)
  const { unsaved, lost } = webhooks.stats
  expect(unsaved).toBeLessThan(64)
  expect(unsaved + lost).toBe(100)
  expect(logged).toEqual(["webhook events were lost: the webhook process does not take them"])
})

test("a process that hangs is sent two frames and no more, is ended, and the next one gets everything", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "skein-webhooks-"))
  const entry = join(import.meta.dirname, "testing", "hanging-process.ts")
  const { webhooks, whisper } = waiting({ dataDir, entry, clock: systemClock, answerWithinMs: 1_000 })
  webhooks.start()
  for (let n = 0; n < 5_000; n++) whisper(`"${n}"`)
  while (webhooks.stats.unsaved > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(webhooks.stats).toMatchObject({ lost: 0, restarts: 1 })
  expect(readFileSync(join(dataDir, "taken"), "utf8")).toBe("250\n250\n")
  await webhooks.stop()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)
