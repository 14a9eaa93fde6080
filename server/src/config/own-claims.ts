import type { Settings } from "./schema.ts"

/** Where a pattern is all that tokens are held to. */
const SELF = "skein"

/** What tokens made here carry, so that the server takes them: its audience and its issuer, where it looks at them. */
export function ownClaims(auth: Settings["auth"]): { readonly aud?: string; readonly iss?: string } {
  const aud = auth.audience ?? (auth.audiencePattern === undefined ? undefined : SELF)
  const iss = auth.issuer ?? (auth.issuerPattern === undefined ? undefined : SELF)
  return { ...(aud === undefined ? {} : { aud }), ...(iss === undefined ? {} : { iss }) }
}
