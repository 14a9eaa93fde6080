import { decompressFastLz } from "./fastlz.ts"
import { decompress } from "./inflate.ts"
import { READ_LIMITS, UnreadableBytes } from "./reading.ts"

const TYPE_MASK = 15
const STRING_TYPE = 0
const COMPRESSED = 1 << 4
const ZLIB = 1 << 5
const FASTLZ = 1 << 6
const ZSTD = 1 << 7
const HEAD_BYTES = 4

/**
 * The string that ext-memcached stored as an ordinary item (never its own sessions, which are as they are).
 *
 * @param flags - the item's flags: type, whether compressed and how
 * @throws UnreadableBytes
 */
export function memcachedString(bytes: Uint8Array, flags: number): Uint8Array {
  if ((flags & TYPE_MASK) !== STRING_TYPE)
    throw new UnreadableBytes(`expected a string in memcached, its flags ${flags} say another type`)
  if ((flags & COMPRESSED) === 0) return bytes
  if (bytes.length <= HEAD_BYTES) throw new UnreadableBytes("a compressed item ends inside its head")
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (length > READ_LIMITS.maxBytes)
    throw new UnreadableBytes(`a compressed item announces ${length} bytes, at most ${READ_LIMITS.maxBytes} are read`)
  const original = inflated(bytes.subarray(HEAD_BYTES), flags, length)
  if (original.length !== length)
    throw new UnreadableBytes(`a compressed item announces ${length} bytes and holds ${original.length}`)
  return original
}

function inflated(bytes: Uint8Array, flags: number, length: number): Uint8Array {
  if (flags & FASTLZ) return decompressFastLz(bytes, length)
  if (flags & ZLIB) return decompress("zlib", bytes)
  if (flags & ZSTD) return decompress("zstd", bytes)
  throw new UnreadableBytes(`an item with flags ${flags} is compressed in a way that is not known`)
}
