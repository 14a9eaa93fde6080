import { expect, test } from "bun:test"
import { findBreaches, importsOf } from "./check-imports.mjs"

const breaches = (files) => findBreaches(new Map(Object.entries(files)))

/** One file that imports another; the other exists. */
function importing(path, specifier, target, statement = `import { x } from "${specifier}"`) {
  return breaches({ [path]: `${statement}\n`, [target]: "export const x = 1\n" })
}

test("what the layers allow passes", () => {
  for (const [path, specifier, target] of [
    ["server/src/protocols/plain/session.ts", "../../core/hub.ts", "server/src/core/hub.ts"],
    ["server/src/protocols/plain/session.ts", "../../gateway/protocol.ts", "server/src/gateway/protocol.ts"],
    ["server/src/protocols/plain/session.ts", "./codec/json.ts", "server/src/protocols/plain/codec/json.ts"],
    ["server/src/broker/embedded/log.ts", "../contract.ts", "server/src/broker/contract.ts"],
    ["server/src/store/sqlite/driver.ts", "../sql/rows.ts", "server/src/store/sql/rows.ts"],
    ["server/src/chat/rooms.ts", "../store/contract.ts", "server/src/store/contract.ts"],
    ["server/src/app.ts", "./auth/jwt.ts", "server/src/auth/jwt.ts"],
    ["server/src/cli/main.ts", "../app.ts", "server/src/app.ts"],
    ["web/src/app.ts", "./chat.ts", "web/src/chat.ts"],
  ])
    expect(importing(path, specifier, target)).toEqual([])
})

test("what the layers forbid is named with file, import and reason", () => {
  expect(importing("server/src/core/hub.ts", "../gateway/gateway.ts", "server/src/gateway/gateway.ts")).toEqual([
    "server/src/core/hub.ts imports ../gateway/gateway.ts: core is pure: it knows no socket, no HTTP, no SQL, no protocol, no Bun",
  ])
  for (const [path, specifier, target, reason] of [
    [
      "server/src/protocols/plain/a.ts",
      "../centrifuge/a.ts",
      "server/src/protocols/centrifuge/a.ts",
      "never one another",
    ],
    [
      "server/src/protocols/plain/a.ts",
      "../../gateway/gateway.ts",
      "server/src/gateway/gateway.ts",
      "Protocol interface",
    ],
    ["server/src/protocols/plain/a.ts", "../../chat/rooms.ts", "server/src/chat/rooms.ts", "never one another"],
    ["server/src/broker/redis/a.ts", "../embedded/a.ts", "server/src/broker/embedded/a.ts", "never one another"],
    ["server/src/broker/contract.ts", "./embedded/a.ts", "server/src/broker/embedded/a.ts", "speaks of core only"],
    ["server/src/store/mysql/a.ts", "../sqlite/a.ts", "server/src/store/sqlite/a.ts", "never one another"],
    ["server/src/chat/a.ts", "../broker/contract.ts", "server/src/broker/contract.ts", "stranger"],
    ["server/src/auth/a.ts", "../chat/rooms.ts", "server/src/chat/rooms.ts", "asks no protocol"],
    ["server/src/gateway/a.ts", "../protocols/plain/a.ts", "server/src/protocols/plain/a.ts", "own interface"],
    ["server/src/app.ts", "./cli/main.ts", "server/src/cli/main.ts", "how it was started"],
    ["server/src/chat/a.ts", "../../test/helper.ts", "server/test/helper.ts", "do not import tests"],
    ["web/src/a.ts", "../../server/src/core/hub.ts", "server/src/core/hub.ts", "public protocols"],
    ["web/src/a.ts", "../../server/src/chat/contract.ts", "server/src/chat/contract.ts", "types"],
  ]) {
    const found = importing(path, specifier, target)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(reason)
  }
})

test("importing only types does not open a layer, except the chat contract for web", () => {
  const types = (specifier) => `import type { X } from "${specifier}"`
  const contract = "../../server/src/chat/contract.ts"
  expect(importing("web/src/a.ts", contract, "server/src/chat/contract.ts", types(contract))).toEqual([])
  expect(importing("server/src/core/a.ts", "../auth/a.ts", "server/src/auth/a.ts", types("../auth/a.ts"))).toHaveLength(
    1,
  )
})

test("core takes nothing from outside", () => {
  for (const source of ['import { z } from "zod"', 'import fs from "node:fs"', 'import { Database } from "bun:sqlite"'])
    expect(breaches({ "server/src/core/a.ts": source })).toHaveLength(1)
  expect(breaches({ "server/src/core/a.ts": "export const now = () => Bun.nanoseconds()" })[0]).toContain("uses Bun")
  expect(breaches({ "server/src/core/a.ts": "// Bun.serve would be wrong here\n" })).toEqual([])
})

test("tests may import across layers", () => {
  expect(importing("server/src/core/a.test.ts", "../auth/a.ts", "server/src/auth/a.ts")).toEqual([])
})

test("files that are not there, missing endings and parts without a rule are breaches", () => {
  expect(breaches({ "server/src/core/a.ts": 'import "./gone.ts"' })[0]).toContain("no such file")
  expect(breaches({ "server/src/chat/a.ts": 'import "./b"', "server/src/chat/b.ts": "" })[0]).toContain("end in .ts")
  expect(breaches({ "server/src/misc/a.ts": 'import "zod"' })[0]).toContain("no rule for misc")
})

test("a circle of imports is found and told as a path; circles of types are none", () => {
  const circle = (statement) =>
    breaches({
      "server/src/chat/a.ts": 'import { b } from "./b.ts"',
      "server/src/chat/b.ts": 'import { c } from "./c.ts"',
      "server/src/chat/c.ts": statement,
    })
  expect(circle('import { a } from "./a.ts"')).toEqual([
    "a circle of imports: server/src/chat/a.ts → server/src/chat/b.ts → server/src/chat/c.ts → server/src/chat/a.ts",
  ])
  expect(circle('import type { A } from "./a.ts"')).toEqual([])
  expect(circle('import { type A } from "./a.ts"')).toEqual([])
})

test("imports are found in every form", () => {
  const source = `
import a from "./a.ts"
import * as b from "./b.ts"
import {
  c,
  type C,
} from "./c.ts"
import type { D } from "./d.ts"
import { type E } from "./e.ts"
import "./f.ts"
export { g } from "./g.ts"
export * from "./h.ts"
export type { I } from "./i.ts"
const j = await import("./j.ts")
let k: import("./k.ts").K
import data from "./l.json" with { type: "json" }
// import m from "./m.ts"
/* import n from "./n.ts" */
export const o = "./o.ts"
export function p(q = "./q.ts") {}
`
  expect(importsOf(source).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? " type" : ""}`)).toEqual([
    "./a.ts",
    "./b.ts",
    "./c.ts",
    "./d.ts type",
    "./e.ts type",
    "./f.ts",
    "./g.ts",
    "./h.ts",
    "./i.ts type",
    "./l.json",
    "./j.ts",
    "./k.ts type",
  ])
})
