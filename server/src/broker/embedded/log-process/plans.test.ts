import { expect, test } from "bun:test"
import { join } from "node:path"
import { TestFolder } from "../../testing/embedded-in.ts"
import { openLog } from "./open-log.ts"
import { ask, heldSql } from "./statements.ts"
import { LogStore } from "./store.ts"

test("no statement of the log process walks through a table or sorts: reads look at what they return", () => {
  const folder = new TestFolder()
  const opened = openLog(join(folder.path, "log.db"), "commit", 0)
  const { db } = opened
  if (db === undefined) throw new Error(opened.refusal?.m)
  const store = new LogStore({ ...opened, db }, folder.path)
  const planned = heldSql(db).filter((sql) => /^\s*(SELECT|DELETE|UPDATE)/.test(sql))
  expect(planned.length).toBeGreaterThan(15)
  for (const sql of planned) {
    const details = ask(db, `EXPLAIN QUERY PLAN ${sql}`).map((step) => String(step[3]))
    expect(details.length).toBeGreaterThan(0)
    expect({ sql, slow: details.filter((detail) => /SCAN|TEMP B-TREE/.test(detail)) }).toEqual({ sql, slow: [] })
  }
  store.close()
  folder.remove()
})
