import { parseArgs } from "node:util"
import { didYouMean } from "../config/suggest.ts"
import { CliError, EXIT } from "./exit.ts"

/** The flags a command takes, by name. */
export type FlagSpec = Readonly<Record<string, { readonly type: "string" | "boolean"; readonly multiple?: boolean }>>

/** Which file and settings to use: understood by every command that needs the configuration. */
export const CONFIG_FLAGS = {
  config: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  data: { type: "string" },
  set: { type: "string", multiple: true },
} as const satisfies FlagSpec

/** A command line, taken apart. */
export interface Arguments {
  readonly positionals: readonly string[]
  /** Values in the order given, by flag. */
  readonly flags: ReadonlyMap<string, readonly string[]>
}

/** @throws CliError `usage` for flags that are unknown or lack their value */
export function readArguments(args: readonly string[], spec: FlagSpec): Arguments {
  const { tokens } = parseArgs({ args: [...args], options: spec, strict: false, allowPositionals: true, tokens: true })
  const positionals: string[] = []
  const flags = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value)
    if (token.kind !== "option") continue
    const flag = spec[token.name]
    if (!flag) throw new CliError(EXIT.usage, unknownFlag(token.rawName, spec))
    if (flag.type === "string" && (token.value === undefined || token.value === ""))
      throw new CliError(EXIT.usage, `${token.rawName} needs a value, like ${token.rawName}=…`)
    if (flag.type === "boolean" && token.value !== undefined)
      throw new CliError(EXIT.usage, `${token.rawName} takes no value`)
    const values = flags.get(token.name) ?? []
    if (values.length > 0 && !flag.multiple) throw new CliError(EXIT.usage, `${token.rawName} is given twice`)
    flags.set(token.name, [...values, token.value ?? ""])
  }
  return { positionals, flags }
}

/** @throws CliError `usage` */
export function ensureNoPositionals(args: Arguments, command: string): void {
  const [first] = args.positionals
  if (first !== undefined) throw new CliError(EXIT.usage, `skein ${command} does not take ${JSON.stringify(first)}`)
}

function unknownFlag(rawName: string, spec: FlagSpec): string {
  const names = Object.keys(spec).map((name) => `--${name}`)
  return `${rawName} is not a flag here${didYouMean(rawName, names)}; settings are given by --set name=value`
}
