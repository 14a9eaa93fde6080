import { expect, test } from "bun:test"
import { note, ok, problem, warning } from "./finding.ts"
import { showFinding, showJson, showSum } from "./report.ts"

const remedy = { cause: "a cause", fix: "a fix" }

test("a finding is a line, with cause and fix below it", () => {
  expect(showFinding(ok("dns", "found"))).toBe("✓ dns: found")
  expect(showFinding(problem("tls", "broken", remedy))).toBe("✗ tls: broken\n    Why: a cause\n    Fix: a fix")
  expect(showFinding(note("proxy", "none", "perhaps"))).toBe("· proxy: none\n    Fix: perhaps")
})

test("what a server says moves no cursor and clears no screen", () => {
  expect(showFinding(warning("health", "\u001b[2Jgone\r\u202Eevil", remedy))).toStartWith("! health: �[2Jgone��evil\n")
})

test("the sum, and everything for scripts", () => {
  const findings = [
    ok("dns", "x"),
    warning("clock", "y", remedy),
    problem("tls", "z", remedy),
    problem("tcp", "z", remedy),
  ]
  expect(showSum(findings)).toBe("2 problems, 1 warning.")
  expect(showSum([ok("dns", "x")])).toBe("Nothing stands in the way.")
  expect(JSON.parse(showJson(findings))).toEqual({ ok: false, findings })
  expect(JSON.parse(showJson([warning("clock", "y", remedy)])).ok).toBe(true)
})
