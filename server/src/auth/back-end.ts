import { SkeinError } from "../core/errors.ts"
import { type ApiKeys, explicitApiKeysOf } from "./api-key.ts"
import type { HandshakeFacts } from "./identify.ts"

/**
 * Whether a handshake comes from the site's back end. A key that is given as one and does not fit is refused: a
 * publisher with a mistyped key would otherwise say its publications in a room.
 *
 * @param options.loopback - whoever comes over the loopback interface is the back end (development only)
 * @throws SkeinError `unauthorized`
 */
export function backEndBy(
  keys: ApiKeys,
  options: { readonly loopback: boolean },
): (handshake: HandshakeFacts) => boolean {
  return ({ headers, url, loopback }) => {
    if (keys.inRequest(headers, url)) return true
    if (explicitApiKeysOf(headers, url).length > 0)
      throw new SkeinError("unauthorized", "this is not one of the server's API keys (auth.api_keys)")
    return options.loopback && loopback
  }
}
