import { describe, expect, test } from "bun:test"
import { decompressFastLz } from "./fastlz.ts"
import { memcachedString } from "./memcached-item.ts"

const bytes = (...codes: number[]) => Uint8Array.from(codes)
const text = (input: Uint8Array, length: number) => Buffer.from(decompressFastLz(input, length)).toString("latin1")

describe("FastLZ", () => {
  test("literals and matches that overlap themselves", () => {
    // "ab", then 9 bytes from 2 back: length 7 + 2 is written as (7 << 5 | 0), 0 more.
    expect(text(bytes(1, 97, 98, 0xe0, 0, 1), 11)).toBe("ababababab".concat("a"))
    expect(text(bytes(1, 97, 98, 0x20, 1), 5)).toBe("ababa")
  })

  test("level 2 adds length as long as it is 255", () => {
    const input = bytes(0x20, 97, 0xe0, 255, 255, 3, 0)
    expect(text(input, 1 + 6 + 255 + 255 + 3 + 3)).toBe("a".repeat(523))
  })

  test("level 2 reaches beyond 8191 bytes", () => {
    // "x", repeated by a long match; then "y", and 3 bytes from the very beginning.
    const filled = 1 + 6 + 3 + 33 * 255
    const far = filled - 8_191
    const run = [0xe0, ...Array<number>(33).fill(255), 0, 0]
    const input = bytes(0x20, 120, ...run, 0, 121, 0x3f, 255, far >> 8, far & 255)
    expect(text(input, filled + 1 + 3)).toBe(`${"x".repeat(filled)}yxxx`)
  })

  test("what lies is refused", () => {
    expect(() => text(bytes(0x40), 1)).toThrow("level 3")
    expect(() => text(bytes(5, 97), 6)).toThrow("inside a literal")
    expect(() => text(bytes(0, 97, 0x20, 200), 4)).toThrow("before the beginning")
    expect(() => text(bytes(0, 97, 0xe0, 255, 0), 10)).toThrow("more than was announced")
    expect(() => text(bytes(0, 97), 10)).toThrow("1 bytes, 10 were announced")
    expect(() => text(bytes(0, 97, 0x20), 4)).toThrow("inside a match")
    expect(() => text(bytes(), 0)).toThrow()
  })
})

describe("items of memcached", () => {
  test("a length that is not there is never allocated", () => {
    expect(() => memcachedString(bytes(255, 255, 255, 127, 0, 97), 80)).toThrow("at most")
  })

  test("other types, unknown compressions and short heads are refused", () => {
    expect(() => memcachedString(bytes(49), 1)).toThrow("another type")
    expect(() => memcachedString(bytes(1, 0, 0, 0, 97), 16)).toThrow("not known")
    expect(() => memcachedString(bytes(1, 0, 0), 80)).toThrow("inside its head")
    expect(() => memcachedString(bytes(1, 0, 0, 0, 97), 48)).toThrow("zlib")
  })

  test("what is not compressed stays as it is", () => {
    expect(memcachedString(bytes(1, 2), 0)).toEqual(bytes(1, 2))
  })
})
