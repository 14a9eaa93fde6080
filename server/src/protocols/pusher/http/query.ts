/** Query parameters as signed: keys in lower case, `k[0]=a&k[1]=b` as `k=a,b`, values without their escapes. */
export type Query = ReadonlyMap<string, string>

/**
 * @param search - as on the wire, with or without "?"
 * @param plus - what "+" stands for: some clients write spaces so, most mean the sign itself
 */
export function readQuery(search: string, plus: "space" | "itself" = "itself"): Query {
  const query = new Map<string, string>()
  for (const pair of search.replace(/^\?/, "").split("&")) {
    if (pair === "") continue
    const equals = pair.indexOf("=")
    const [rawKey, rawValue] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)]
    const key = unescaped(rawKey).toLowerCase()
    const value = unescaped(plus === "space" ? rawValue.replaceAll("+", " ") : rawValue)
    const list = /^(.+)\[\d*\]$/.exec(key)?.[1]
    const before = list === undefined ? undefined : query.get(list)
    query.set(list ?? key, before === undefined ? value : `${before},${value}`)
  }
  return query
}

/** What a request's signature covers. */
export function requestSigningText(method: string, path: string, query: Query): string {
  const params = [...query]
    .filter(([key]) => key !== "auth_signature")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
  return `${method}\n${path}\n${params.join("&")}`
}

/** A stray percent sign stands for itself. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
