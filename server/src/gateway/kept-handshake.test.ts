import { expect, test } from "bun:test"
import { KeptHandshake } from "./kept-handshake.ts"

const handshakeOf = (url: string, headers: Record<string, string>) => ({
  address: "203.0.113.7",
  loopback: false,
  secure: true,
  url: new URL(url),
  headers: new Headers(headers),
  transport: "websocket",
})

test("what sessions ask of a handshake is as it was, whoever asked in between", () => {
  const one = new KeptHandshake(
    handshakeOf("https://chat.example/ws?token=a%20b&x=1", {
      Cookie: "a=1; b=x:y",
      Host: "chat.example:8443",
      "Accept-Language": "zh-CN,zh;q=0.9",
      "X-Other": "not kept",
    }),
  )
  const other = new KeptHandshake(handshakeOf("http://127.0.0.1/", {}))
  for (let round = 0; round < 2; round++) {
    expect([...other.headers]).toEqual([])
    expect(other.url.pathname).toBe("/")
    expect(Object.fromEntries(one.headers)).toEqual({
      cookie: "a=1; b=x:y",
      host: "chat.example:8443",
      "accept-language": "zh-CN,zh;q=0.9",
    })
    expect(one.url.searchParams.get("token")).toBe("a b")
  }
  expect(one).toMatchObject({ address: "203.0.113.7", loopback: false, secure: true, transport: "websocket" })
})
