import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readReport } from "./junit.mjs"

const folder = mkdtempSync(join(tmpdir(), "skein-junit-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("the report of a real run is counted: passed, failed, skipped, and files that do not load", () => {
  writeFileSync(
    join(folder, "a.test.ts"),
    `import { describe, expect, test } from "bun:test"
     test("good > \\"quoted\\" <x>", () => {})
     test.skip("left out", () => {})
     test.todo("later")
     describe("group", () => { test("bad", () => { expect("<testcase>").toBe("]]>") }) })`,
  )
  writeFileSync(
    join(folder, "b.test.ts"),
    `import "./nowhere.ts"\nimport { test } from "bun:test"\ntest("never", () => {})`,
  )
  const report = join(folder, "report.xml")
  const { exitCode } = Bun.spawnSync(
    [process.execPath, "test", "--reporter=junit", `--reporter-outfile=${report}`, "./a.test.ts", "./b.test.ts"],
    { cwd: folder, stdout: "ignore", stderr: "ignore" },
  )
  expect(exitCode).toBe(1)
  const { passed, failures, files } = readReport(readFileSync(report, "utf8"))
  expect(passed).toBe(1)
  expect(failures).toEqual([
    "a.test.ts: left out (skipped)",
    "a.test.ts: later (skipped)",
    "a.test.ts: group > bad (failed)",
  ])
  expect([...files]).toEqual(["a.test.ts"])
})

test("an empty report counts nothing", () => {
  expect(readReport("")).toEqual({ passed: 0, failures: [], files: new Set() })
})
