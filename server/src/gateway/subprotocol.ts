/** What the client offered and what we answer; undefined refusal means go on. */
export type Negotiation = { readonly chosen: string | undefined } | { readonly refused: string }

/**
 * Chooses the first offered subprotocol we speak.
 *
 * Bun echoes the first offer even when nobody knows it, and sends ours even when nothing was offered; both make
 * browsers drop the connection, so the choice is always made here. An empty header counts as no offer: the Python
 * Centrifuge SDK sends one (centrifuge-python 0.5).
 */
export function negotiateSubprotocol(header: string | null, spoken: readonly string[]): Negotiation {
  const offered = (header ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
  if (offered.length === 0) return { chosen: undefined }
  const chosen = offered.find((name) => spoken.includes(name))
  if (chosen !== undefined) return { chosen }
  const known = spoken.length > 0 ? spoken.join(", ") : "none"
  return { refused: `none of the offered WebSocket subprotocols is spoken here (spoken: ${known})` }
}
