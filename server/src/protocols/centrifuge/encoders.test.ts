import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Publication } from "../../core/publication.ts"
import { jsonCodec } from "./codec/json-codec.ts"
import { protobufType } from "./codec/protobuf-types.ts"
import { centrifugeEncoders } from "./encoders.ts"
import { toWirePublication } from "./wire.ts"

const encoders = centrifugeEncoders()
const clientInfo = fc.record({ user: fc.string(), client: fc.uuid() })
const publications = fc.record(
  {
    data: fc.json(),
    timeMs: fc.nat(),
    offset: fc.integer({ min: 1, max: 2 ** 50 }),
    info: clientInfo,
    tags: fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }),
  },
  { requiredKeys: ["data", "timeMs"] },
) as fc.Arbitrary<Publication>

describe("a publication", () => {
  test("written by hand is what the schema writes", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), publications, (channel, publication) => {
        expect(encoders.json.publication(channel, publication)).toBe(
          jsonCodec.push({ channel, pub: toWirePublication(publication) }) as string,
        )
      }),
    )
  })

  test("carries its payload byte for byte in both formats", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), (data) => {
        const publication = { data, timeMs: 0 }
        expect(encoders.json.publication("c", publication)).toBe(`{"push":{"channel":"c","pub":{"data":${data}}}}`)
        const bytes = encoders.protobuf.publication("c", publication) as Uint8Array
        const reply = protobufType("Reply").decodeDelimited(bytes) as unknown as { push: { pub: { data: Uint8Array } } }
        expect(new TextDecoder().decode(reply.push.pub.data)).toBe(data)
      }),
    )
  })

  test("that is no JSON reaches Protobuf clients unchanged and is reported for JSON ones", () => {
    const reported: string[] = []
    encoders.onUnshowable = (channel) => void reported.push(channel)
    const publication = { data: Uint8Array.from([0, 255, 1]), timeMs: 0 }
    expect(encoders.json.publication("bin", publication)).toBeUndefined()
    expect(reported).toEqual(["bin"])
    const bytes = encoders.protobuf.publication("bin", publication) as Uint8Array
    const reply = protobufType("Reply").decodeDelimited(bytes) as unknown as { push: { pub: { data: Uint8Array } } }
    expect([...reply.push.pub.data]).toEqual([0, 255, 1])
  })
})

test("several frames are joined as each format does", () => {
  const publication = { data: "1", timeMs: 0 }
  const [json, binary] = [encoders.json, encoders.protobuf].map((encoder) => encoder.publication("c", publication))
  expect(encoders.json.concat?.([json, json] as string[])).toBe(`${json}\n${json}`)
  const twice = encoders.protobuf.concat?.([binary, binary] as Uint8Array[]) as Uint8Array
  expect(Buffer.from(twice)).toEqual(Buffer.concat([binary, binary] as Uint8Array[]))
})
