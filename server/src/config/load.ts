import { parse as parseToml, TomlError } from "smol-toml"
import type { z } from "zod"
import { ROW_SETTINGS, type Setting } from "./catalogue.ts"
import { findConflicts, isLoopbackHost } from "./checks.ts"
import type { Mode } from "./config.ts"
import { fromDocument, fromEnvironment, fromFlags, type Given, type GivenValue, Unreadable } from "./given.ts"
import { configSchema, type Settings } from "./schema.ts"

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: readonly { name: string; text: string; source: string }[]
  /** Absent: no file. `name` is shown to the user. */
  readonly file?: { readonly name: string; readonly text: string }
}

export interface LoadedConfig {
  readonly settings: Settings
  readonly mode: Mode
  /** Completes "production mode because …". */
  readonly modeReason: string
  /** Where each given setting came from, by name; absent: the default. */
  readonly sources: ReadonlyMap<string, string>
}

/** Everything wrong with a configuration, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join("\n"))
    this.name = "ConfigError"
    this.problems = problems
  }
}

/**
 * Reads and checks a configuration: flags over environment over file over defaults.
 *
 * @throws ConfigError with one line per problem, each naming the setting, what was expected, what came and from where
 */
export function loadConfig(from: ConfigSources): LoadedConfig {
  const layers = [readFile(from.file), fromEnvironment(from.env), fromFlags(from.flags)]
  const given = new Map<string, GivenValue>()
  for (const value of layers.flatMap((layer) => layer.values)) given.set(value.setting.name, value)
  const problems = layers.flatMap((layer) => layer.problems)
  const refused = refuse(given, problems)
  for (const name of refused) given.delete(name)
  // What was refused is left out here, so that conflicts between the others are reported in the same run.
  const settings = configSchema.parse(nest(given.values()))
  const { mode, modeReason } = chooseMode(settings, given)
  for (const { names, text } of findConflicts(settings, mode)) {
    if (names.some((name) => refused.has(name))) continue
    problems.push(`${names[0]} ${text}${origin(names, given)}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const sources = new Map([...given.values()].map(({ setting, source }) => [setting.name, source]))
  return { settings, mode, modeReason, sources }
}

function readFile(file: ConfigSources["file"]): Given {
  if (!file) return { values: [], problems: [] }
  try {
    return fromDocument(parseToml(file.text), file.name)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [reason] = error.message.replace(/^Invalid TOML document: /, "").split("\n")
    return { values: [], problems: [`${file.name}, line ${error.line}, column ${error.column}: not TOML: ${reason}`] }
  }
}

/** Checks every value and says what is wrong; returns the names of the settings that cannot be used. */
function refuse(given: ReadonlyMap<string, GivenValue>, problems: string[]): Set<string> {
  const checked = configSchema.safeParse(nest(given.values()))
  const refused = new Set<string>()
  const said = new Set<string>()
  for (const issue of checked.error?.issues ?? []) {
    const path = issue.path.map(String)
    const value = [...given.values()].find(({ setting }) => setting.path.every((key, index) => key === path[index]))
    // Every path of the schema is a setting's, and only given values can fail: defaults are inside their bounds.
    if (!value) throw new Error(`default of ${path.join(".")} is outside its own bounds: ${issue.message}`)
    refused.add(value.setting.name)
    const text = describe(value, path.slice(value.setting.path.length), issue)
    if (!said.has(text)) problems.push(text)
    said.add(text)
  }
  return refused
}

function describe({ setting, value, source }: GivenValue, inside: readonly string[], issue: z.core.$ZodIssue): string {
  if (value instanceof Unreadable)
    return `${setting.name} must be ${setting.doc.expects}: ${value.why} (from ${source})`
  const [index, key] = inside
  const place = index === undefined ? setting.name : `${setting.name}[${index}]`
  const found = inside.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], value)
  const part = ROW_SETTINGS.get(setting.name)?.find(({ path }) => path[0] === key)
  if (part) return `${place}.${part.name} must be ${part.doc.expects}, got ${show(part, found)} (from ${source})`
  if (issue.code === "unrecognized_keys") return `${place}: ${issue.message} (from ${source})`
  return `${place} must be ${setting.doc.expects}, got ${show(setting, found)}${kubernetesHint(setting, found)} (from ${source})`
}

/** The value as the user wrote it, unless it is a secret or too long to read. */
function show({ doc }: Setting, value: unknown): string {
  if (value === undefined) return "nothing"
  if (doc.secret) return typeof value === "string" ? `a text of ${value.length} characters` : `a ${typeof value}`
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function kubernetesHint(setting: Setting, value: unknown): string {
  if (setting.name !== "server.port" || typeof value !== "string" || !value.startsWith("tcp://")) return ""
  return ": Kubernetes sets this for a Service called skein; set enableServiceLinks: false or use SKEIN_SERVER_PORT"
}

function origin(names: readonly string[], given: ReadonlyMap<string, GivenValue>): string {
  const sources = new Set(names.flatMap((name) => given.get(name)?.source ?? []))
  return sources.size === 0 ? "" : ` (from ${[...sources].join(" and ")})`
}

function nest(values: Iterable<GivenValue>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const { setting, value } of values) {
    const last = setting.path.length - 1
    let table = root
    for (const key of setting.path.slice(0, last)) {
      table[key] ??= {}
      table = table[key] as Record<string, unknown>
    }
    table[setting.path[last] ?? ""] = value
  }
  return root
}

function chooseMode(settings: Settings, given: ReadonlyMap<string, GivenValue>) {
  const chosen = given.get("mode")
  if (settings.mode) return { mode: settings.mode, modeReason: `${chosen?.source ?? "the configuration"} says so` }
  if (!isLoopbackHost(settings.server.host))
    return { mode: "production" as const, modeReason: `it listens on ${settings.server.host}` }
  if (settings.server.trustedProxies.length > 0)
    return { mode: "production" as const, modeReason: "server.trusted_proxies are set" }
  return { mode: "development" as const, modeReason: "it listens on loopback only" }
}
