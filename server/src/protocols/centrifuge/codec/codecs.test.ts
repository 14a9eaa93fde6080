import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { BadFrame, type Codec } from "./codec.ts"
import { jsonCodec } from "./json-codec.ts"
import { NotJsonPayload } from "./json-write.ts"
import type { Answer, Command } from "./messages.ts"
import { protobufCodec, toProtobuf } from "./protobuf-codec.ts"
import { protobufType } from "./protobuf-types.ts"

function all(codec: Codec, frame: string | Uint8Array): Command[] {
  const reader = codec.read(frame)
  const commands: Command[] = []
  for (let next = reader.next(); next !== undefined; next = reader.next()) commands.push(next)
  return commands
}

const protobufFrame = (...commands: readonly object[]): Uint8Array =>
  Buffer.concat(
    commands.map((command) => protobufType("Command").encodeDelimited(toProtobuf("Command", command)).finish()),
  )

describe("reading commands", () => {
  const commands = [
    { id: 1, connect: { token: "t", subs: { a: { recover: true, epoch: "e", offset: 7 } } } },
    { id: 2, subscribe: { channel: "a", recover: true, offset: 2 ** 40, flag: 3, type: 1, delta: "fossil" } },
    { id: 3, publish: { channel: "a", data: '{"x":[1,"ü"]}' } },
    { id: 4, history: { channel: "a", limit: -1, since: { offset: 5, epoch: "e" }, reverse: true } },
    { id: 5, rpc: { method: "m", data: "null" } },
    { send: { data: "1" } },
  ]

  test("is the same from both formats", () => {
    const json = commands.map((command) => JSON.stringify(command).replace(/"data":"((?:\\.|[^"\\])*)"/g, unquoted))
    const fromJson = all(jsonCodec, json.join("\n"))
    const fromProtobuf = all(protobufCodec, protobufFrame(...commands))
    expect(fromProtobuf.map(({ kind, id }) => [kind, id])).toEqual(fromJson.map(({ kind, id }) => [kind, id]))
    // The data of `send` is never used, and so not cut out of JSON.
    expect(fromProtobuf.slice(0, -1)).toEqual(fromJson.slice(0, -1))
  })

  const unquoted = (_: string, text: string) => `"data":${JSON.parse(`"${text}"`)}`

  test("takes the payload as it was written", () => {
    const [command] = all(jsonCodec, '{"publish":{"channel":"c","data": {"b":1e2, "a":"\\u0041" }},"id":1}')
    expect(command).toEqual({
      id: 1,
      kind: "publish",
      request: { channel: "c", data: '{"b":1e2, "a":"\\u0041" }' },
    })
  })

  test("tolerates newlines at the ends, null, and fields nobody knows", () => {
    const frame = '\n{"id":1,"subscribe":null,"publish":{"channel":"c","data":null,"new":{"x":1}},"y":2}\r\n\n'
    const [command] = all(jsonCodec, frame)
    expect(command?.kind).toBe("publish")
    expect(command?.request).toMatchObject({ channel: "c", data: "null" })
  })

  test.each([
    ['{"id":1}', "without a known request"],
    ['{"id":1,"method":1,"params":{}}', "without a known request"],
    ["{", "malformed JSON"],
    ["[1]", "expected a JSON object"],
    ["5", "expected a JSON object"],
    ['{"id":-1,"publish":{}}', "id must be"],
    ['{"id":4294967296,"publish":{}}', "id must be"],
    ['{"id":"1","publish":{}}', "id must be"],
    ['{"id":1,"publish":"x"}', "publish must be an object"],
    ['{"id":1,"publish":{"channel":5}}', "publish.channel must be a string"],
    ['{"id":1,"subscribe":{"offset":-5}}', "subscribe.offset"],
    ['{"id":1,"subscribe":{"recover":"yes"}}', "subscribe.recover"],
    ['{"id":1,"connect":{"subs":{"a":{"offset":"7"}}}}', "connect.subs.offset"],
    ['{"id":1,"connect":{"subs":[]}}', "connect.subs must be an object"],
  ])("refuses %p", (frame, why) => {
    expect(() => all(jsonCodec, frame)).toThrow(why)
    expect(() => all(jsonCodec, frame)).toThrow(BadFrame)
  })

  test("refuses 60,000 brackets that never close, and takes as many that do as payload", () => {
    const open = "[".repeat(60_000)
    expect(() => all(jsonCodec, `{"id":1,"publish":{"data":${open}`)).toThrow(BadFrame)
    const deep = open + "]".repeat(60_000)
    const [command] = all(jsonCodec, `{"id":1,"publish":{"channel":"c","data":${deep}}}`)
    expect(command?.kind === "publish" && command.request.data === deep).toBeTrue()
  })

  test("refuses the other format's frames, empty ones and broken Protobuf", () => {
    expect(() => jsonCodec.read(new Uint8Array([0]))).toThrow(BadFrame)
    expect(() => protobufCodec.read("{}")).toThrow(BadFrame)
    for (const codec of [jsonCodec, protobufCodec])
      expect(() => codec.read(codec === jsonCodec ? "" : new Uint8Array())).toThrow("empty frame")
    expect(() => all(protobufCodec, new Uint8Array([5, 1, 2]))).toThrow("malformed Protobuf")
  })

  test("ends in BadFrame or commands for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        try {
          all(protobufCodec, bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BadFrame)
        }
      }),
    )
  })

  test("an empty command is the answer to a ping", () => {
    expect(all(jsonCodec, "{}")).toEqual([{ id: 0, kind: "pong", request: undefined }])
    expect(all(protobufCodec, new Uint8Array([0]))).toEqual([{ id: 0, kind: "pong", request: undefined }])
    expect(jsonCodec.isPong(jsonCodec.ping)).toBeTrue()
    expect(protobufCodec.isPong(protobufCodec.ping)).toBeTrue()
  })
})

describe("writing replies", () => {
  const answers: [Answer, string][] = [
    [{ publish: {} }, '{"id":7,"publish":{}}'],
    [{ unsubscribe: {} }, '{"id":7,"unsubscribe":{}}'],
    [{ subscribe: { recoverable: false, offset: 0, epoch: "" } }, '{"id":7,"subscribe":{}}'],
    [
      {
        subscribe: {
          recoverable: true,
          epoch: "e",
          offset: 2 ** 40,
          publications: [{ data: '{"a": 1}', offset: 1, tags: { k: "v" } }],
        },
      },
      '{"id":7,"subscribe":{"recoverable":true,"epoch":"e","offset":1099511627776,"publications":[{"data":{"a": 1},"offset":1,"tags":{"k":"v"}}]}}',
    ],
    [{ error: { code: 103, message: "no" } }, '{"id":7,"error":{"code":103,"message":"no"}}'],
    [{ presence: { presence: {} } }, '{"id":7,"presence":{"presence":{}}}'],
    [
      { presence: { presence: { c: { user: "", client: "c", conn_info: '{"n":1}' } } } },
      '{"id":7,"presence":{"presence":{"c":{"user":"","client":"c","conn_info":{"n":1}}}}}',
    ],
    [{ presence_stats: { num_clients: 0, num_users: 0 } }, '{"id":7,"presence_stats":{"num_clients":0,"num_users":0}}'],
    [
      { history: { publications: [], epoch: "", offset: 0 } },
      '{"id":7,"history":{"publications":[],"epoch":"","offset":0}}',
    ],
    [{ rpc: { data: '"x"' } }, '{"id":7,"rpc":{"data":"x"}}'],
    [{ rpc: {} }, '{"id":7,"rpc":{}}'],
  ]

  test.each(answers)("%j as JSON", (answer, expected) => {
    expect(jsonCodec.reply(7, answer)).toBe(expected)
  })

  test.each(answers)("%j as Protobuf means the same", (answer) => {
    const bytes = protobufCodec.reply(7, answer) as Uint8Array
    const message = protobufType("Reply").decodeDelimited(bytes)
    const [kind] = Object.keys(answer)
    expect(Object.keys(message)).toEqual(["id", kind as string])
  })

  test("leaves raw newlines out and refuses bytes that are no JSON", () => {
    expect(jsonCodec.push({ channel: "c", pub: { data: '{\n"a":1}' } })).toBe(
      '{"push":{"channel":"c","pub":{"data":{"a":1}}}}',
    )
    expect(jsonCodec.push({ pub: { data: new TextEncoder().encode("[1]") } })).toBe('{"push":{"pub":{"data":[1]}}}')
    for (const bytes of [[0xff, 0xfe], [0x7b], [0xef, 0xbb, 0xbf, 0x31]])
      expect(() => jsonCodec.push({ pub: { data: Uint8Array.from(bytes) } })).toThrow(NotJsonPayload)
  })
})
