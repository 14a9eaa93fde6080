import { CLOSE } from "../../../core/close-codes.ts"
import type { Hub } from "../../../core/hub.ts"

/**
 * A channel got a payload that is no JSON: its JSON subscribers end with a code that tells them not to come back,
 * rather than miss publications in silence. Looks at every connection, which is fine for something nobody means to do.
 */
export function closeUnshowable(hub: Hub, channel: string, formats: readonly string[]): void {
  for (const connection of [...hub.all()])
    if (formats.includes(connection.format) && connection.subscriptions.has(channel))
      connection.outlet.close(CLOSE.inappropriateProtocol)
}
