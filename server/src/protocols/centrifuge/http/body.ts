import { collectBytes } from "../../../core/collect-bytes.ts"

/**
 * A request's body, or undefined when it is larger than allowed. The length said in the header is believed only
 * when it refuses; what comes without one is counted while it comes.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const said = request.headers.get("content-length")
  if (said !== null && Number(said) > maxBytes) return undefined
  if (said !== null || request.body === null) return new Uint8Array(await request.arrayBuffer())
  return collectBytes(request.body, maxBytes)
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Undefined: not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
