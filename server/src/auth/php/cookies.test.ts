import { expect, test } from "bun:test"
import { cookieOf } from "./cookies.ts"

const HEADER = 'theme=dark;  PHPSESSID=first ; PHPSESSID=second;x=a=b;quoted="q";enc=a%2Cb%zz+c;noequals; =novalue'

test("reads the header as PHP does", () => {
  expect(cookieOf(HEADER, "PHPSESSID")).toBe("first ")
  expect(cookieOf(HEADER, "x")).toBe("a=b")
  expect(cookieOf(HEADER, "quoted")).toBe('"q"')
  expect(cookieOf(HEADER, "enc")).toBe("a,b%zz+c")
  expect(cookieOf(HEADER, "noequals")).toBeUndefined()
  expect(cookieOf(HEADER, "phpsessid")).toBeUndefined()
  expect(cookieOf("", "x")).toBeUndefined()
})

test("headers that no browser sends are not searched", () => {
  expect(cookieOf(`${"a".repeat(65_536)};x=1`, "x")).toBeUndefined()
})
