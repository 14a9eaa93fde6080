import { describe, expect, test } from "bun:test"
import { ForwardedAddresses } from "./forwarded.ts"

const headers = (forwardedFor?: string, proto?: string) =>
  new Headers({
    Host: "localhost:8080",
    ...(forwardedFor === undefined ? {} : { "X-Forwarded-For": forwardedFor }),
    ...(proto === undefined ? {} : { "X-Forwarded-Proto": proto }),
  })

describe("without trusted proxies", () => {
  const addresses = new ForwardedAddresses([])

  test("the peer is the client, whatever it claims", () => {
    expect(addresses.of("203.0.113.7", headers("10.0.0.1", "https"))).toEqual({
      address: "203.0.113.7",
      loopback: false,
      secure: false,
    })
  })

  test("only somebody really on this machine counts as local, not the clients of an unknown proxy here", () => {
    expect(addresses.of("::ffff:127.0.0.1", headers()).loopback).toBe(true)
    expect(addresses.of("127.0.0.1", headers("203.0.113.7")).loopback).toBe(false)
  })

  test("a proxy that tells nothing but the scheme is a proxy", () => {
    expect(addresses.of("127.0.0.1", headers(undefined, "https")).loopback).toBe(false)
    expect(addresses.forwarding("127.0.0.1", headers(undefined, "https"))).toBe("ignored")
  })
})

test("a page whose name was made to resolve to this machine is not local (DNS rebinding)", () => {
  const addresses = new ForwardedAddresses([])
  const local = (host: string) => addresses.of("127.0.0.1", new Headers({ Host: host })).loopback
  expect(["localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"].map(local)).toEqual([true, true, true, true])
  expect(["evil.example:8080", "127.0.0.1.evil.example", "", "localhost.evil.example"].map(local)).not.toContain(true)
  expect(addresses.of("127.0.0.1", new Headers({ Host: "localhost", Via: "1.1 proxy" })).loopback).toBe(false)
})

describe("behind trusted proxies", () => {
  const addresses = new ForwardedAddresses(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])

  test("the nearest address that is not a proxy of ours is the client", () => {
    expect(addresses.of("127.0.0.1", headers("198.51.100.9, 203.0.113.7, 10.1.2.3")).address).toBe("203.0.113.7")
    expect(addresses.of("2001:db8::5", headers("[2001:db9::1]:4711")).address).toBe("2001:db9::1")
    expect(addresses.of("10.9.9.9", headers("203.0.113.7:55123")).address).toBe("203.0.113.7")
  })

  test("a forged entry on the left changes nothing, garbage ends the walk", () => {
    expect(addresses.of("127.0.0.1", headers("127.0.0.1, 203.0.113.7")).address).toBe("203.0.113.7")
    expect(addresses.of("127.0.0.1", headers("203.0.113.7, <script>, 10.0.0.2")).address).toBe("10.0.0.2")
    expect(addresses.of("127.0.0.1", headers("203.0.113.7")).loopback).toBe(false)
  })

  test("https is believed from them only", () => {
    expect(addresses.of("127.0.0.1", headers("203.0.113.7", "https")).secure).toBe(true)
    expect(addresses.of("203.0.113.7", headers("203.0.113.7", "https")).secure).toBe(false)
  })
})

test("what became of a proxy's word can be told without an address", () => {
  const addresses = new ForwardedAddresses(["10.0.0.0/8"])
  expect(addresses.forwarding("10.0.0.2", headers("203.0.113.7"))).toBe("believed")
  expect(addresses.forwarding("127.0.0.1", headers("203.0.113.7"))).toBe("ignored")
  expect(addresses.forwarding("10.0.0.2", headers())).toBe("none")
  expect(addresses.forwarding("10.0.0.2", new Headers({ Forwarded: "for=203.0.113.7" }))).toBe("ignored")
})

test("something that is no network is named", () => {
  expect(() => new ForwardedAddresses(["proxy.example"])).toThrow("proxy.example")
})
