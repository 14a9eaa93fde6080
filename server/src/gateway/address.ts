/** `::ffff:203.0.113.7`, as dual-stack listeners report IPv4 peers, becomes `203.0.113.7`. */
export function normalizeAddress(address: string): string {
  return address.toLowerCase().startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address
}

/** Whether an address is of the loopback interface: `::1` or 127.0.0.0/8. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)
}

/**
 * What connections are counted by: an IPv4 address, or the /64 network of an IPv6 one, which is what one customer has.
 * Undefined for loopback: the site's own proxy and everything else on this machine come from there.
 */
export function networkOf(address: string): string | undefined {
  if (address === "" || isLoopback(address)) return undefined
  if (!address.includes(":")) return address
  return `${expand(address).slice(0, 4).join(":")}::/64`
}

/** The eight groups of an IPv6 address. */
function expand(address: string): string[] {
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? []
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array.from({ length: missing }, () => "0"), ...right].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  )
}
