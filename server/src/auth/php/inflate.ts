import { inflateSync, zstdDecompressSync } from "node:zlib"
import { READ_LIMITS, UnreadableBytes } from "./reading.ts"

const DECOMPRESS = { zlib: inflateSync, zstd: zstdDecompressSync } as const

/** Decompresses at most `READ_LIMITS.maxBytes`. @throws UnreadableBytes */
export function decompress(kind: keyof typeof DECOMPRESS, bytes: Uint8Array): Uint8Array {
  try {
    return DECOMPRESS[kind](bytes, { maxOutputLength: READ_LIMITS.maxBytes })
  } catch {
    throw new UnreadableBytes(`expected ${kind} data of at most ${READ_LIMITS.maxBytes} bytes`)
  }
}
