import type { Publication } from "../../core/publication.ts"

/**
 * Pusher's `data` is any string, most often JSON text; core's is JSON text. JSON text goes through byte for byte;
 * other text becomes a JSON string, and a tag says so.
 */
const EVENT_TAG = "event"
const ENCODING_TAG = "encoding"
/** The page whose client caused the event and must not receive it, also not later from history. */
const SENDER_TAG = "sender"

const PLAIN_TEXT = "text"

/** An event as core publishes it. */
export interface EventDraft {
  readonly data: string
  readonly tags: Readonly<Record<string, string>>
}

/** @param data - as received, opaque */
export function toDraft(event: string, data: string, sender?: number): EventDraft {
  const isJson = isJsonText(data)
  return {
    data: isJson ? data : JSON.stringify(data),
    tags: {
      [EVENT_TAG]: event,
      ...(isJson ? {} : { [ENCODING_TAG]: PLAIN_TEXT }),
      ...(sender === undefined ? {} : { [SENDER_TAG]: String(sender) }),
    },
  }
}

/** The name of an event; publications of other protocols have none and are called `defaultEvent`. */
export const eventName = ({ tags }: Publication, defaultEvent: string): string => tags?.[EVENT_TAG] ?? defaultEvent

/** `data` as it stands in a frame: a JSON string. Undefined: bytes that no JSON protocol can carry. */
export function dataLiteral({ data, tags }: Publication): string | undefined {
  const text = typeof data === "string" ? data : utf8(data)
  if (text === undefined) return undefined
  return tags?.[ENCODING_TAG] === PLAIN_TEXT ? text : JSON.stringify(text)
}

/** `data` as the publisher gave it. */
export function dataText(publication: Publication): string | undefined {
  const literal = dataLiteral(publication)
  return literal === undefined ? undefined : JSON.parse(literal)
}

/** Whether the client of this page caused the event, and must not be sent it. */
export const wasSentBy = ({ tags }: Publication, page: number): boolean => tags?.[SENDER_TAG] === String(page)

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Not JSON: an answer, not a failure.
    return false
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
