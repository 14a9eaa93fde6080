/** Longer headers are not read: no browser sends them, and most servers in front refuse them. */
const MAX_HEADER_LENGTH = 65_536

/**
 * The value of a cookie as PHP understands the header: the first of that name counts, percent-decoded, `+` stays.
 *
 * @param header - the whole `Cookie` header
 */
export function cookieOf(header: string, name: string): string | undefined {
  if (header.length > MAX_HEADER_LENGTH) return undefined
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=")
    if (at > 0 && pair.slice(0, at).trimStart() === name) return percentDecoded(pair.slice(at + 1))
  }
  return undefined
}

/** What is not `%xx` stays, also a lone percent sign. One character per byte: session ids are ASCII. */
function percentDecoded(text: string): string {
  if (!text.includes("%")) return text
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
