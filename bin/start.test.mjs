import { afterEach, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..")

const folders = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A copy in which nothing is installed, with what `npm start` runs first. */
function fresh() {
  const folder = mkdtempSync(join(tmpdir(), "skein-start-"))
  folders.push(folder)
  for (const part of ["bin", "server/bin", "package.json"])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  return folder
}

function start(folder, ...flags) {
  const { status, stderr } = spawnSync("node", [...flags, join(folder, "bin/start.mjs")], { encoding: "utf8" })
  return { status, stderr }
}

test("before npm ci, npm start says to run it", () => {
  expect(start(fresh())).toEqual({
    status: 1,
    stderr: "skein: the packages are not installed yet: run npm ci first\n",
  })
})

test("a Node that is too old is told so, before anything fails because of it", () => {
  const folder = fresh()
  const old = join(folder, "old.cjs")
  writeFileSync(old, 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.0" } })')
  expect(start(folder, "-r", old)).toEqual({
    status: 1,
    stderr: "skein: Node 20 or later is needed, this is 18.20.0\n",
  })
})
