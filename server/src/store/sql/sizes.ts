import type { StoredMessage } from "../contract.ts"

/** What a message takes as JSON beside its text: names of fields, ids, numbers. */
const FRAME_BYTES = 350

/** About what a message takes in an answer. */
export const sizeOf = ({ body, card = "" }: StoredMessage): number =>
  FRAME_BYTES + Buffer.byteLength(body) + Buffer.byteLength(card)

export const sizeOfAll = (messages: readonly StoredMessage[]): number =>
  messages.reduce((sum, message) => sum + sizeOf(message), 0)

/** The messages around one of them, as many to both sides as fit; that one always. */
export function fittingAround(messages: readonly StoredMessage[], anchor: number, maxBytes: number): StoredMessage[] {
  let [from, to] = [anchor, anchor + 1]
  let bytes = sizeOfAll(messages.slice(from, to))
  const takes = (message: StoredMessage | undefined): boolean => {
    if (message === undefined || bytes + sizeOf(message) > maxBytes) return false
    bytes += sizeOf(message)
    return true
  }
  for (let grew = true; grew; ) {
    const older = takes(messages[from - 1])
    if (older) from--
    const newer = takes(messages[to])
    if (newer) to++
    grew = older || newer
  }
  return messages.slice(from, to)
}

/** The last of them, as many as fit. */
export const fittingNewest = (messages: readonly StoredMessage[], maxBytes: number): StoredMessage[] =>
  fittingAround(messages, messages.length - 1, maxBytes)
