import { expect, test } from "bun:test"
import { conversation } from "./conversation.ts"

test("centrifuge: let in, refused, asked for a sign of life", () => {
  const { opening, hear } = conversation("centrifuge", "token")
  expect(JSON.parse(opening ?? "")).toEqual({ id: 1, connect: { token: "token" } })
  expect(hear('{"id":1,"connect":{"client":"c","ping":25,"pong":true}}')).toEqual({ kind: "welcome", pingSeconds: 25 })
  expect(hear('{"id":1,"error":{"code":109,"message":"token expired"}}')).toEqual({
    kind: "refused",
    why: "token expired",
  })
  expect(hear("{}")).toEqual({ kind: "ping", answer: "{}" })
})

test("the other protocols, and frames of none of them", () => {
  expect(conversation("plain", undefined).hear('{"type":"pong"}')).toEqual({ kind: "welcome" })
  const { opening, hear } = conversation("pusher", undefined)
  expect(opening).toBeUndefined()
  expect(hear('{"event":"pusher:ping","data":"{}"}').kind).toBe("ping")
  expect(hear('{"event":"pusher:error","data":{"code":4001,"message":"no"}}')).toEqual({
    kind: "refused",
    why: "no",
    code: 4001,
  })
  for (const language of ["centrifuge", "plain", "pusher"] as const)
    for (const frame of ["", "<html>", "null", "[]", "7", '{"event":7}'])
      expect([frame, conversation(language, undefined).hear(frame).kind]).toEqual([frame, "other"])
})
