import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { ConfigError, type ConfigSources, type LoadedConfig, loadConfig } from "../config/load.ts"
import type { Arguments } from "./arguments.ts"
import { CliError, EXIT } from "./exit.ts"

const DEFAULT_FILE = "skein.toml"

/** Flags with a name of their own, and the setting each stands for. */
const SHORT_FLAGS = { host: "server.host", port: "server.port", data: "data" } as const

/**
 * The configuration of a command: its flags, the environment, and the file that flags or environment name
 * (`skein.toml` of the working directory when they name none and there is one).
 *
 * @throws CliError `usage`, `config`
 */
export function readConfig(args: Arguments, env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const file = configFile(args, env)
  const sources: ConfigSources = { env, flags: settingFlags(args), ...(file ? { file } : {}) }
  try {
    return loadConfig(sources)
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigRefused(error) : error
  }
}

/** One line for one problem; several get a line each. */
export class ConfigRefused extends CliError {
  readonly problems: readonly string[]
  constructor({ problems }: ConfigError) {
    const [only, ...more] = problems
    super(
      EXIT.config,
      more.length === 0
        ? `configuration refused: ${only}`
        : `configuration refused, ${problems.length} problems:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    )
    this.problems = problems
  }
}

function settingFlags({ flags }: Arguments): ConfigSources["flags"] {
  const short = Object.entries(SHORT_FLAGS).flatMap(([flag, name]) =>
    (flags.get(flag) ?? []).map((text) => ({ name, text, source: `--${flag}` })),
  )
  const long = (flags.get("set") ?? []).map((pair) => {
    const at = pair.indexOf("=")
    if (at < 1) throw new CliError(EXIT.usage, `--set takes name=value, got ${JSON.stringify(pair)}`)
    const name = pair.slice(0, at).trim()
    return { name, text: pair.slice(at + 1), source: `--set ${name}` }
  })
  return [...long, ...short]
}

function configFile({ flags }: Arguments, env: Readonly<Record<string, string | undefined>>): ConfigSources["file"] {
  const named = flags.get("config")?.[0] ?? (env.SKEIN_CONFIG || undefined)
  const name = named ?? DEFAULT_FILE
  try {
    return { name, text: readFileSync(resolve(name), "utf8") }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (named === undefined && code === "ENOENT") return undefined
    const from = flags.has("config") ? "--config" : "SKEIN_CONFIG"
    throw new CliError(
      EXIT.config,
      `cannot read the configuration ${resolve(name)}${named === undefined ? "" : ` (from ${from})`}: ${UNREADABLE[code ?? ""] ?? code ?? error}`,
    )
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file (ENOENT)",
  ENOTDIR: "a part of the path is a file (ENOTDIR)",
  EISDIR: "it is a folder (EISDIR); name the file in it",
  EACCES: "this user may not read it (EACCES); change its owner or its rights",
}
