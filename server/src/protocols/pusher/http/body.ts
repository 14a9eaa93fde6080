import { collectBytes } from "../../../core/collect-bytes.ts"

/** A request's body; undefined when it is larger than allowed, counted while it comes. */
export async function readBody({ headers, body }: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array()
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return undefined
  return collectBytes(body, maxBytes)
}
