/** The value at `key`, made and kept when there is none. */
export function getOrAdd<K, V>(map: Pick<Map<K, V>, "get" | "set">, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
