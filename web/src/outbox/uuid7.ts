let lastMs = 0
let counter = 0

/** A UUIDv7 (RFC 9562): sorts by time, and within one millisecond by a counter, so that the outbox keeps its order. */
export function uuid7(nowMs = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  if (nowMs > lastMs) {
    lastMs = nowMs
    counter = ((bytes[6] as number) << 4) & 0x7ff
  } else {
    counter++
    // The twelve bits are used up within one millisecond: borrow from the next.
    if (counter > 0xfff) {
      lastMs++
      counter = 0
    }
  }
  const time = lastMs.toString(16).padStart(12, "0")
  const variant = ((bytes[8] as number) & 0x3f) | 0x80
  const rest = [variant, ...bytes.slice(9)].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  const count = counter.toString(16).padStart(3, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${rest.slice(0, 4)}-${rest.slice(4)}`
}
