import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { parseDurationMs } from "../../config/duration.ts"
import type { LoadedConfig } from "../../config/load.ts"
import type { Arguments } from "../arguments.ts"
import { CliError, EXIT } from "../exit.ts"
import { type Finding, isProblem, note } from "./finding.ts"
import { lookInside } from "./inside/inside.ts"
import { readTarget } from "./outside/target.ts"
import { lookFromOutside } from "./outside/way.ts"
import { showFinding, showJson, showSum } from "./report.ts"

/** Longer than the 60 s after which nginx and most load balancers cut a silent connection. */
const DEFAULT_IDLE = "65s"
const MAX_IDLE_MS = 600_000

export interface DoctorParts {
  readonly readConfig: () => LoadedConfig
  readonly print: (text: string) => void
  /** For what is under way; not part of the answer. */
  readonly progress: (text: string) => void
}

/**
 * Looks for what keeps this server, or the way to it, from working; each finding says what to do.
 *
 * Without an address it looks at this machine. With one it goes there, and looks at this machine too when a
 * configuration or a data folder is here.
 *
 * @returns whether there is no problem
 * @throws CliError `usage`
 */
export async function doctor(args: Arguments, { readConfig, print, progress }: DoctorParts): Promise<boolean> {
  const [address, ...more] = args.positionals
  if (more.length > 0)
    throw new CliError(EXIT.usage, `skein doctor takes one address, got ${args.positionals.join(" ")}`)
  const targets = address === undefined ? undefined : readTarget(address)
  const options = readOptions(args)
  const json = args.flags.has("json")
  const findings: Finding[] = []
  const found = (finding: Finding) => {
    findings.push(finding)
    if (!json) print(showFinding(finding))
  }
  let appPath: string | undefined
  if (!targets || isHome(args)) ({ appPath } = await lookInside(readConfig, found))
  else found(note("here", "no configuration and no data folder here: only the way to the address is looked at"))
  if (targets)
    await lookFromOutside(targets, {
      ...options,
      appPath,
      found,
      progress: (text) => (json ? undefined : progress(text)),
    })
  print(json ? showJson(findings) : showSum(findings))
  return !findings.some(isProblem)
}

/** A server is set up here: something names its configuration or its data, or they are where the server looks. */
function isHome({ flags }: Arguments): boolean {
  const named = ["config", "data", "set", "host", "port"].some((flag) => flags.has(flag))
  const settings = Object.keys(process.env).some((name) => name.startsWith("SKEIN_") && name !== "SKEIN_LAUNCHER_FD")
  return named || settings || existsSync(resolve("skein.toml")) || existsSync(resolve("data/secrets.json"))
}

function readOptions({ flags }: Arguments) {
  const idle = flags.get("idle")?.[0] ?? DEFAULT_IDLE
  const idleMs = parseDurationMs(idle)
  if (idleMs === undefined || idleMs > MAX_IDLE_MS)
    throw new CliError(EXIT.usage, `--idle must be a duration up to 10m like 65s, got ${JSON.stringify(idle)}`)
  const origin = flags.get("origin")?.[0]
  if (origin !== undefined && !/^https?:\/\/[^\s/]+$/.test(origin))
    throw new CliError(EXIT.usage, `--origin must be like https://shop.example, got ${JSON.stringify(origin)}`)
  return { idleMs, origin, token: flags.get("token")?.[0] }
}
