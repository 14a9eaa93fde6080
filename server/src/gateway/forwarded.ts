import { BlockList, isIP, isIPv6 } from "node:net"
import { isLoopback, normalizeAddress } from "./address.ts"

/** Where a request comes from. */
export interface ClientAddress {
  readonly address: string
  /** The peer itself is on this machine and no proxy stands between. */
  readonly loopback: boolean
  /** The client speaks https, as far as we or a trusted proxy know. */
  readonly secure: boolean
}

/** What became of what proxies say about the client: nothing was said, it came from an untrusted peer, or it counts. */
export type Forwarding = "none" | "ignored" | "believed"

/**
 * Where a request really comes from. X-Forwarded-For and -Proto are believed only from the proxies configured,
 * hop by hop from the right: what a client writes into them itself changes nothing.
 */
export class ForwardedAddresses {
  readonly #trusted = new BlockList()

  /** @param proxies - addresses or networks, `10.0.0.0/8`. @throws Error naming one that is neither */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) this.#trust(proxy)
  }

  of(peer: string, headers: Headers): ClientAddress {
    const address = normalizeAddress(peer)
    const forwarded = headers.get("x-forwarded-for")
    if (forwarded === null || !this.#isTrusted(address))
      return { address, loopback: isLoopback(address) && isLocalRequest(headers), secure: false }
    const secure = headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase() === "https"
    return { address: this.#firstUntrusted(forwarded, address), loopback: false, secure }
  }

  /** For `skein doctor`. Names no address, because anybody may ask. */
  forwarding(peer: string, headers: Headers): Forwarding {
    if (!wasForwarded(headers)) return "none"
    return headers.has("x-forwarded-for") && this.#isTrusted(normalizeAddress(peer)) ? "believed" : "ignored"
  }

  #firstUntrusted(forwarded: string, peer: string): string {
    let nearest = peer
    for (const hop of forwarded.split(",").reverse()) {
      const address = withoutPort(normalizeAddress(hop.trim()))
      // Whatever stands left of garbage was not written by a proxy of ours.
      if (isIP(address) === 0) return nearest
      nearest = address
      if (!this.#isTrusted(address)) return nearest
    }
    return nearest
  }

  #trust(proxy: string): void {
    const [address = "", bits] = proxy.split("/")
    const family = isIPv6(address) ? "ipv6" : "ipv4"
    if (isIP(address) === 0)
      throw new Error(`server.trusted_proxies: ${proxy} is neither an address nor a network like 10.0.0.0/8`)
    if (bits === undefined) this.#trusted.addAddress(address, family)
    else this.#trusted.addSubnet(address, Number(bits), family)
  }

  #isTrusted(address: string): boolean {
    return isIP(address) !== 0 && this.#trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4")
  }
}

/** What proxies add. Each of them may be the only one. */
const PROXY_HEADERS = ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"]

/** Whether a proxy handed the request on, trusted or not: over loopback its client is then somebody elsewhere. */
export const wasForwarded = (headers: Headers): boolean => PROXY_HEADERS.some((name) => headers.has(name))

/**
 * No proxy between, and addressed by a name of this machine. A page of evil.example whose name was made to resolve to
 * 127.0.0.1 (DNS rebinding) also comes over loopback, but its requests name its own host.
 */
function isLocalRequest(headers: Headers): boolean {
  if (wasForwarded(headers)) return false
  const host = (headers.get("host") ?? "").replace(/:\d+$/, "").toLowerCase()
  return host === "localhost" || host === "[::1]" || isLoopback(host)
}

/** Some proxies write `203.0.113.7:4711` or `[2001:db8::1]:4711`. */
function withoutPort(address: string): string {
  return /^\[([^\]]+)\]/.exec(address)?.[1] ?? (/^[\d.]+:\d+$/.test(address) ? (address.split(":")[0] ?? "") : address)
}
