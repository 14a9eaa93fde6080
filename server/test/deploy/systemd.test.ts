import { expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { openFolder, runSystem } from "../support/program.ts"
import { ROOT, shipped } from "./support/shipped.ts"

/** systemd's own scale: 0 is fully closed, 10 fully open; below 2 it says "OK". */
const MOST_EXPOSURE = 1.5

function analyze(...args: string[]): { status: number | null; said: string } {
  const { path, remove } = openFolder("skein-systemd-")
  try {
    const node = runSystem("which", ["node"]).said.trim()
    const unit = shipped("systemd/skein.service", { "/opt/skein": ROOT, "/usr/bin/node": node })
    writeFileSync(join(path, "skein.service"), unit)
    return runSystem("systemd-analyze", [...args, join(path, "skein.service")])
  } finally {
    remove()
  }
}

test("systemd accepts the unit as it is", () => {
  expect(analyze("verify", "--man=no", "--recursive-errors=no")).toEqual({ status: 0, said: "" })
})

test("the unit leaves the server few rights", () => {
  const { said } = analyze("security", "--offline=true", "--no-pager")
  const exposure = Number(/Overall exposure level for skein.service: ([\d.]+)/.exec(said)?.[1])
  expect(exposure).toBeLessThanOrEqual(MOST_EXPOSURE)
})

test("active and standby are the same unit, once per port", () => {
  const body = (text: string) => text.slice(text.indexOf("[Unit]"))
  const single = shipped("systemd/skein.service", {
    "Skein realtime server": "Skein realtime server, port %i",
    " serve --config": " serve --standby --port %i --config",
  })
  expect(body(shipped("systemd/skein@.service", {}))).toBe(body(single))
})
