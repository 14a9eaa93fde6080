import { expect, test } from "bun:test"
import { apiKeysOf, createApiKeys } from "../../src/auth/api-key.ts"

const url = (query = "") => new URL(`http://localhost/ws${query}`)

test("only whole keys match, any of the configured ones", () => {
  const keys = createApiKeys(["first-key", "second-key"])
  expect(keys.matches("first-key")).toBe(true)
  expect(keys.matches("second-key")).toBe(true)
  for (const wrong of ["", "first-ke", "first-key ", "FIRST-KEY", "first-keysecond-key"])
    expect(keys.matches(wrong)).toBe(false)
})

test("without keys nothing matches, not even nothing; an empty key is refused", () => {
  expect(createApiKeys([]).matches("")).toBe(false)
  expect(() => createApiKeys([""])).toThrow("empty")
})

test("a request may carry the key in four ways", () => {
  const keys = createApiKeys(["k-1"])
  expect(keys.inRequest(new Headers({ "X-API-Key": "k-1" }), url())).toBe(true)
  expect(keys.inRequest(new Headers({ Authorization: "apikey k-1" }), url())).toBe(true)
  expect(keys.inRequest(new Headers({ Authorization: "Bearer k-1" }), url())).toBe(true)
  expect(keys.inRequest(new Headers(), url("?api_key=k-1"))).toBe(true)
  expect(keys.inRequest(new Headers({ Authorization: "Basic k-1" }), url("?key=k-1"))).toBe(false)
  expect(keys.inRequest(new Headers(), url())).toBe(false)
})

test("a JWT in Authorization does not hide the key beside it", () => {
  const headers = new Headers({ Authorization: "Bearer some.jwt.here", "X-API-Key": "k-1" })
  expect(createApiKeys(["k-1"]).inRequest(headers, url())).toBe(true)
  expect(apiKeysOf(headers, url("?api_key="))).toEqual(["k-1", "some.jwt.here"])
})
