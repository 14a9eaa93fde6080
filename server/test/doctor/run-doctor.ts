import { spawn } from "node:child_process"
import { join } from "node:path"
import type { Finding } from "../../src/cli/doctor/finding.ts"
import { temporaryFolder } from "../cli/program.ts"

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts")

export interface Diagnosis {
  readonly code: number | null
  readonly findings: readonly Finding[]
  readonly stdout: string
  readonly stderr: string
  /** What it says about one thing. @throws Error when it says nothing about it */
  about(what: string): Finding
  /** What it calls a problem, by name. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Somebody whom rights on files count for: root they do not, unless these are taken from it. */
const WITHOUT_RIGHTS = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []

/**
 * The command as somebody types it, in an empty folder, without a setting of whoever runs the tests.
 *
 * @param isRoot - false: what a file's mode forbids is forbidden
 */
export async function runDoctor(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = temporaryFolder(),
  isRoot = true,
): Promise<Diagnosis> {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SKEIN_")))
  const [program = "", ...command] = [...(isRoot ? [] : WITHOUT_RIGHTS), process.execPath, MAIN, "doctor", ...args]
  const child = spawn(program, command, { env: { ...kept, ...env }, cwd })
  let [stdout, stderr] = ["", ""]
  child.stdout.on("data", (bytes) => {
    stdout += bytes
  })
  child.stderr.on("data", (bytes) => {
    stderr += bytes
  })
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve))
  const findings =
    args.includes("--json") && stdout !== "" ? (JSON.parse(stdout) as { findings: Finding[] }).findings : []
  const named = (severity: string) =>
    findings.filter((finding) => finding.severity === severity).map(({ about }) => about)
  return {
    code,
    findings,
    stdout,
    stderr,
    problems: named("problem"),
    warnings: named("warning"),
    about(what) {
      const finding = findings.find(({ about }) => about === what)
      if (!finding) throw new Error(`nothing is said about ${what}:\n${stdout}\n${stderr}`)
      return finding
    },
  }
}
