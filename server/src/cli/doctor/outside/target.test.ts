import { expect, test } from "bun:test"
import { readTarget } from "./target.ts"

const read = (text: string) =>
  readTarget(text).map(({ socket, language, base }) => `${language} ${socket.href} below ${base?.pathname ?? "?"}`)

test("an address is a prefix, or the very WebSocket a client opens", () => {
  const root = ["centrifuge https://shop.example/connection/websocket below /"]
  for (const text of ["shop.example", "wss://shop.example", "https://shop.example/", "WSS://shop.example/?x=1#y"])
    expect([text, read(text)]).toEqual([text, root])
  expect(read("ws://127.0.0.1:8080/connection/websocket")).toEqual([
    "centrifuge http://127.0.0.1:8080/connection/websocket below /",
  ])
  expect(read("wss://shop.example/skein/ws")).toEqual(["plain https://shop.example/skein/ws below /skein/"])
  expect(read("wss://shop.example/skein/app/key1")).toEqual([
    "pusher https://shop.example/skein/app/key1?protocol=7&client=skein-doctor below /skein/",
  ])
  expect(read("wss://shop.example/skein/")).toEqual([
    "centrifuge https://shop.example/skein/connection/websocket below /skein/",
  ])
})

test("without a slash at its end it may be either", () => {
  expect(read("wss://shop.example/websocket")).toEqual([
    "centrifuge https://shop.example/websocket/connection/websocket below /websocket/",
    "plain https://shop.example/websocket below ?",
  ])
  // Not every path that ends in the same letters.
  expect(read("wss://shop.example/news")[1]).toBe("plain https://shop.example/news below ?")
})

test("text that is not an address is refused", () => {
  for (const text of ["ftp://shop.example/", "wss://", "wss://user:secret@shop.example/", "not an address"])
    expect(() => readTarget(text)).toThrow("skein doctor")
})
