/**
 * All bytes of a stream in one piece, counted while they come. Undefined as soon as there are more than `maxBytes`:
 * then nothing more is read, and what has come is not kept.
 */
export async function collectBytes(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const collected: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    collected.push(chunk)
  }
  return Buffer.concat(collected, bytes)
}
