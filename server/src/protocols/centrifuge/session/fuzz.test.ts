import { expect, test } from "bun:test"
import fc from "fast-check"
import { ruleWith } from "../../../core/testing/fake-node.ts"
import { TestNode } from "../testing/node.ts"

const rules = [ruleWith({ historySize: 5, recovery: true, presence: true, joinLeave: true })]

const name = fc.constantFrom("a", "b", "#c", "", "ü", "__proto__", "x".repeat(300))
const anything = fc.oneof(fc.jsonValue(), name)
const fields = fc.dictionary(
  fc.constantFrom(
    "channel",
    "data",
    "token",
    "recover",
    "epoch",
    "offset",
    "flag",
    "type",
    "tf",
    "since",
    "limit",
    "reverse",
    "method",
    "subs",
    "delta",
  ),
  fc.oneof(anything, fc.integer(), fc.boolean()),
  { maxKeys: 5 },
)
const kind = fc.constantFrom(
  ...[
    "subscribe",
    "unsubscribe",
    "publish",
    "presence",
    "presence_stats",
    "history",
    "rpc",
    "refresh",
    "sub_refresh",
    "send",
    "ping",
    "connect",
  ],
)
const command = fc
  .tuple(fc.integer({ min: 0, max: 1_000 }), kind, fields, name)
  .map(([id, kind, fields, channel]) => ({ id, [kind]: { channel, ...fields } }))
const frame = fc.oneof(
  fc
    .array(command, { minLength: 1, maxLength: 4 })
    .map((commands) => commands.map((one) => JSON.stringify(one)).join("\n")),
  fc.string(),
  fc.json(),
  fc.uint8Array({ maxLength: 40 }),
)

test("whatever a client sends, it gets answers or a close that clients understand, and others are served on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 8 }), fc.boolean(), async (frames, isBinary) => {
      const node = new TestNode({ rules })
      const other = await node.connected()
      await other.ask({ id: 2, subscribe: { channel: "other" } })
      const client = await node.connected(isBinary ? "centrifuge-protobuf" : undefined)
      for (const one of frames) {
        client.session.frame(one)
        await node.settle()
      }
      if (client.closedWith !== undefined) {
        expect([3500, 3501, 3506, 3508]).toContain(client.closedWith.code)
        expect(Buffer.byteLength(client.closedWith.reason)).toBeLessThanOrEqual(123)
        expect(() => JSON.parse(client.closedWith?.reason ?? "")).toThrow()
      }
      expect(node.logged.filter((message) => message.includes("failed"))).toEqual([])
      client.drop()
      expect(node.channels.hub.connectionCount).toBe(1)
      await node.channels.publish("other", { data: "1" })
      await node.settle()
      expect(other.frames.join()).toContain('"pub":{"data":1')
    }),
    { numRuns: 300 },
  )
})
