import { expect, test } from "bun:test"
import { SkeinError } from "../core/errors.ts"
import { noteLimit } from "../core/limits.ts"
import { createMetrics } from "./metrics.ts"

test("shows what the node says at the moment of asking, and every refusal by its code", async () => {
  let connections = 1
  const metrics = createMetrics({
    connections: () => connections,
    users: () => 0,
    channels: () => 0,
    isReady: () => true,
    closes: () => new Map([[3012, 4]]),
    admissionRefusals: () => new Map([[429, 2]]),
    broker: () => ({ queued_publications: 7 }),
    pusherApps: () => new Map([["shop", { connections: 2 }]]),
  })
  const refused = async () =>
    Number(/skein_errors_total\{code="unknown_channel"\} (\d+)/.exec(await metrics.text())?.[1] ?? 0)
  const before = await refused()
  new SkeinError("unknown_channel")
  noteLimit("broker.max_queued_bytes")
  connections = 2
  const text = await metrics.text()
  expect(text).toContain("skein_connections 2")
  expect(text).toContain('skein_closes_total{code="3012"} 4')
  expect(text).toContain('skein_not_let_in_total{status="429"} 2')
  expect(text).toContain('skein_broker{figure="queued_publications"} 7')
  expect(text).toContain('skein_pusher{app="shop",figure="connections"} 2')
  expect(text).toMatch(/skein_limits_total\{limit="broker\.max_queued_bytes"\} [1-9]/)
  expect(await refused()).toBe(before + 1)
})
