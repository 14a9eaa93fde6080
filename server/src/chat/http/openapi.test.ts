import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv2020 } from "ajv/dist/2020.js"
import { inProcess } from "../../store/sqlite/testing/stores.ts"
import { type Method, operations } from "../contract.ts"
import { type ChatUnderTest, startChat } from "../testing/chat-under-test.ts"

interface Described {
  readonly operationId: string
  readonly parameters?: readonly { name: string; in: string; required: boolean }[]
  readonly requestBody?: { content: Record<string, { schema: object }> }
}

interface Document {
  readonly paths: Record<string, Record<string, Described>>
  readonly components: { readonly schemas: Record<string, object> }
}

describe("the OpenAPI document", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  let app: ReturnType<ChatUnderTest["chat"]["routes"]>
  let document: Document
  let ajv: Ajv2020
  beforeEach(async () => {
    subject = await inProcess()
    it = await startChat(subject.store)
    app = it.chat.routes()
    document = (await (await app.request("http://chat.test/chat/v1/openapi.json")).json()) as Document
    ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(document, "document")
  })
  afterEach(() => subject.remove())

  /** What a JSON pointer of the document says of a value; nothing when it fits. */
  const misfits = (pointer: string, value: unknown): string => {
    const validate = ajv.getSchema(`document#${pointer}`)
    if (!validate) throw new Error(`the document has nothing at ${pointer}`)
    return validate(value) ? "" : ajv.errorsText(validate.errors)
  }
  const escaped = (path: string) => encodeURIComponent(path.replaceAll("~", "~0").replaceAll("/", "~1"))
  const answerOf = (path: string, method: string) =>
    `/paths/${escaped(path)}/${method}/responses/200/content/application~1json/schema`
  const bodyOf = (path: string, method: string) =>
    `/paths/${escaped(path)}/${method}/requestBody/content/application~1json/schema`

  test("CHAT-27 it is valid OpenAPI 3.1, and says each thing once", async () => {
    expect(await new Validator().validate({ ...structuredClone(document) })).toEqual({ valid: true })
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(["User", "Message", "Change", "Membership", "Page", "CatchUpEntry", "SessionAnswer"]),
    )
    const ids = described().map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  const described = () => Object.values(document.paths).flatMap((methods) => Object.values(methods))

  test("CHAT-27 every route is described, and every description is a route", () => {
    const routes = app.routes
      .filter(({ method, path }) => method !== "ALL" && path !== "/chat/v1/openapi.json")
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`)
    const paths = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(paths.toSorted()).toEqual(routes.toSorted())
    const calls = described().filter(({ operationId }) => operationId.startsWith("chat."))
    expect(calls.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(operations).toSorted())
  })

  test("CHAT-27 parameters stand where they belong", () => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { parameters = [], requestBody }] of Object.entries(methods)) {
        const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => `{${name}}`)
        expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? [])
        if (method === "get") expect(requestBody).toBeUndefined()
        else expect(parameters.filter((parameter) => parameter.in !== "path")).toEqual([])
      }
  })

  test("CHAT-27 every answer over HTTP is as described, and so is every body that is taken", async () => {
    for (const id of ["ann", "bob"]) await it.call(id, "chat.hello", {})
    const lobby = await it.lobby()
    const guest = { userId: "g_1", info: JSON.stringify({ name: "Mia", guest: true }) }
    await it.call(guest, "chat.hello", {})
    const signedIn = await app.request("http://chat.test/chat/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "Zoe" }),
    })
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
    const card = { title: "Order 1001", lines: [{ label: "Total", value: "¥128.00" }], url: "/orders/1001" }
    await it.chat.callForBackEnd("chat.post", JSON.stringify({ room: "lobby", card }))
    const { message } = await it.call("ann", "chat.send", {
      conversation_id: lobby,
      client_id: "to-be-edited",
      text: "hello @bob",
    })
    const place = { conversation_id: lobby }
    const one = { ...place, seq: message.seq }
    const bodies: Record<Method | "session.get" | "session.post" | "session.delete", Record<string, unknown>> = {
      "chat.hello": {},
      "chat.rooms.list": { query: "lob", limit: 5 },
      "chat.rooms.create": { name: "Tea", topic: "Green" },
      "chat.rooms.join": place,
      "chat.direct.open": { user_id: "bob" },
      "chat.users": { query: "b" },
      "chat.members": place,
      "chat.messages": { ...place, before: 9 },
      "chat.send": { ...place, client_id: "by-the-document", text: "yes", reply_to_seq: message.seq },
      "chat.edit": { ...one, text: "edited" },
      "chat.catch_up": { conversations: [{ ...place, seq: 1, chg: 0 }] },
      "chat.delete": one,
      "chat.read": one,
      "chat.typing": place,
      "chat.profile": { name: "Zoe Lee" },
      "chat.rooms.leave": place,
      "session.get": {},
      "session.post": { name: "Zoe Fox" },
      "session.delete": {},
    }
    for (const [id, input] of Object.entries(bodies)) {
      const { path, method, operation } = placeOf(id)
      const { parameters = [], requestBody } = operation
      const fill = (name: string) => String(input[name])
      const query = parameters.filter((parameter) => parameter.in === "query" && parameter.name in input)
      const search = new URLSearchParams(query.map(({ name }): [string, string] => [name, fill(name)]))
      const inPath = new Set(parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name))
      const body = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.has(name)))
      if (requestBody) expect(`${id}: ${misfits(bodyOf(path, method), body)}`).toBe(`${id}: `)
      const own = id === "chat.profile" || id.startsWith("session.")
      const response = await app.request(
        `http://chat.test${path.replace(/\{(\w+)\}/g, (_, name) => fill(name))}?${search}`,
        {
          method: method.toUpperCase(),
          headers: {
            ...(own ? { cookie } : { authorization: "Bearer user:ann:ann" }),
            ...(requestBody ? { "content-type": "application/json" } : {}),
          },
          ...(requestBody ? { body: JSON.stringify(body) } : {}),
        },
      )
      const answer: unknown = await response.json()
      expect(`${id} ${response.status}: ${misfits(answerOf(path, method), answer)}`).toBe(`${id} 200: `)
    }
    expect(Object.keys(bodies).toSorted()).toEqual(
      described()
        .map(({ operationId }) => operationId)
        .toSorted(),
    )
  })

  const placeOf = (operationId: string): { path: string; method: string; operation: Described } => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(methods))
        if (operation.operationId === operationId) return { path, method, operation }
    throw new Error(`${operationId} is not described`)
  }

  test("CHAT-27 every refusal is as described", async () => {
    const refusal = "/components/responses/Refused/content/application~1json/schema"
    const attempts = [
      app.request("http://chat.test/chat/v1/hello"),
      app.request("http://chat.test/chat/v1/nothing"),
      app.request("http://chat.test/chat/session", { method: "POST", body: "no JSON" }),
    ]
    for (let n = 0; n < 130; n++)
      attempts.push(
        app.request("http://chat.test/chat/v1/hello", { headers: { authorization: "Bearer user:ann:ann" } }),
      )
    const statuses = new Set<number>()
    for (const response of await Promise.all(attempts)) {
      if (response.ok) continue
      statuses.add(response.status)
      expect(misfits(refusal, await response.json())).toBe("")
      if (response.status === 429) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
    }
    expect([...statuses].toSorted()).toEqual([400, 401, 404, 429])
  })
})
