import { expect, test } from "bun:test"
import { OriginPolicy, originAdvice } from "./origin.ts"

const policy = new OriginPolicy(["https://shop.example", "https://*.shop.example", "http://localhost:*"])
const allows = (origin: string | undefined, host = "chat.example") =>
  policy.allows(new Headers({ host, ...(origin === undefined ? {} : { origin }) }))

test("pages of the list, of the server itself, and programs that are no page", () => {
  for (const origin of ["https://shop.example", "https://eu.shop.example", "http://localhost:3000", undefined])
    expect([origin, allows(origin)]).toEqual([origin, true])
  expect(allows("https://chat.example")).toBe(true)
})

test("nobody else: no look-alikes, and no page without an origin", () => {
  for (const origin of [
    "http://shop.example",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://a.b.shop.example",
    "https://shop.example:444",
    "http://localhost",
    "null",
    "",
  ])
    expect([origin, allows(origin)]).toEqual([origin, false])
})

test("a page whose name was made to resolve to this machine is refused (DNS rebinding)", () => {
  const here = new OriginPolicy(["http://shop.test:8080"], { isThisMachineOnly: true })
  const own = (host: string) => [
    here.allows(new Headers({ host, origin: `http://${host}` })),
    here.isOurName(new Headers({ host })),
  ]
  for (const host of ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.1.7", "a.localhost", "shop.test:8080"])
    expect([host, ...own(host)]).toEqual([host, true, true])
  for (const host of ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "shop.test"])
    expect([host, ...own(host)]).toEqual([host, false, false])
  // Everywhere else a site has the name it has.
  expect(policy.isOurName(new Headers({ host: "chat.example" }))).toBe(true)
})

test("the advice fits: a page opened as a file cannot be put into a list", () => {
  expect(originAdvice("null")).toContain("let a web server serve it")
  expect(originAdvice("https://other.example")).toBe(
    "pages of https://other.example may not connect here: add the origin to server.origins",
  )
})
