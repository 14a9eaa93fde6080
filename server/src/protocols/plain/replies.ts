import type { CloseReason } from "../../core/close-codes.ts"
import type { SkeinError } from "../../core/errors.ts"
import type { Payload, Position, Publication } from "../../core/publication.ts"
import type { RoomLine } from "../../core/rooms.ts"
import { errorText, type Language } from "./texts.ts"

/** Every frame the server writes itself. */
export const replies = {
  system: (message: string) => JSON.stringify({ type: "system", message }),

  error: (error: SkeinError, language: Language) =>
    JSON.stringify({
      type: "error",
      code: error.number,
      message: errorText(error, language),
      ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }),
    }),

  pong: () => '{"type":"pong"}',

  subscribed: (channel: string, position: Position | undefined) =>
    JSON.stringify({ type: "subscribed", channel, ...position }),

  resubscribed: (channel: string) => JSON.stringify({ type: "resubscribed", channel }),

  unsubscribed: (channel: string, reason?: CloseReason) => JSON.stringify({ type: "unsubscribed", channel, ...reason }),

  channelHistory: (channel: string, top: Position, publications: readonly Publication[]) => {
    const list = publications.map(({ offset, data }) => `{"offset":${offset ?? null},${dataField(data)}}`)
    const head = JSON.stringify({ type: "history", channel, epoch: top.epoch, offset: top.offset })
    return `${head.slice(0, -1)},"publications":[${list.join(",")}]}`
  },

  roomHistory: (roomId: string, lines: readonly RoomLine[]) =>
    JSON.stringify({ type: "history", room_id: roomId, messages: lines.map(said) }),
}

/** One thing said, as the members of a room other than the lobby receive it. */
export function said(line: RoomLine): { user_id: string; message: string; timestamp: number } {
  return { user_id: line.senderId, message: line.text, timestamp: Math.floor(line.timeMs / 1000) }
}

/** JSON goes in as it was published, never parsed on the way. */
function dataField(data: Payload): string {
  if (typeof data === "string") return `"data":${data}`
  return `"base64":"${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")}"`
}
