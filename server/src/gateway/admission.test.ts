import { expect, test } from "bun:test"
import { networkOf, normalizeAddress } from "./address.ts"
import { Admission } from "./admission.ts"

test("IPv4 addresses count for themselves, IPv6 by their /64, loopback not at all", () => {
  expect(networkOf("203.0.113.7")).toBe("203.0.113.7")
  expect(networkOf("2001:db8:1:2:aaaa::1")).toBe("2001:db8:1:2::/64")
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0::/64")
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64")
  expect(networkOf("127.0.0.9")).toBeUndefined()
  expect(networkOf("::1")).toBeUndefined()
  expect(normalizeAddress("::FFFF:203.0.113.7")).toBe("203.0.113.7")
})

test("one address cannot take all places", () => {
  const admission = new Admission({ maxConnections: 10, maxConnectionsPerAddress: 2 })
  expect(admission.enter("203.0.113.7")).toBeUndefined()
  expect(admission.enter("203.0.113.7")).toBeUndefined()
  expect(admission.enter("203.0.113.7")?.status).toBe(429)
  expect(admission.enter("203.0.113.8")).toBeUndefined()
  admission.leave("203.0.113.7")
  expect(admission.enter("203.0.113.7")).toBeUndefined()
})

test("nobody gets in while draining", () => {
  const admission = new Admission({ maxConnections: 10, maxConnectionsPerAddress: 2 })
  admission.drain()
  expect(admission.enter("203.0.113.7")?.status).toBe(503)
})
