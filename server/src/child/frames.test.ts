import { expect, test } from "bun:test"
import fc from "fast-check"
import { encodeFrame, FrameReader } from "./frames.ts"

test("frames come out as they went in, however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 30 }),
      (texts, cuts) => {
        const whole = Buffer.concat(texts.map(encodeFrame))
        const got: string[] = []
        const reader = new FrameReader(1_000)
        for (let at = 0, i = 0; at < whole.length; i++) {
          const size = cuts[i % cuts.length] as number
          reader.push(whole.subarray(at, at + size), (text) => got.push(text))
          at += size
        }
        expect(got).toEqual(texts)
      },
    ),
    { numRuns: 300, verbose: fc.VerbosityLevel.Verbose },
  )
})

test("a frame beyond the bound is refused before it is gathered", () => {
  const reader = new FrameReader(100)
  expect(() => reader.push(encodeFrame("x".repeat(101)), () => undefined)).toThrow("frame of 101 bytes")
})

test("what is no UTF-8 is refused", () => {
  const frame = encodeFrame("abc")
  frame[4] = 0xff
  expect(() => new FrameReader(100).push(frame, () => undefined)).toThrow()
})
