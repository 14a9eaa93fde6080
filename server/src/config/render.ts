import { stringify } from "smol-toml"
import { RULE_SETTINGS, SECTIONS, SETTINGS, type Setting, sectionOf } from "./catalogue.ts"
import { formatDurationMs } from "./duration.ts"
import type { Config } from "./schema.ts"

/**
 * A configuration as TOML with the source of each value; secrets masked, as comments, so that the output stays loadable.
 *
 * @param sources - where given settings came from, by name; the others are defaults
 */
export function renderConfig(config: Config, sources: ReadonlyMap<string, string>): string {
  const sections = SECTIONS.map((section) => {
    const settings = SETTINGS.filter((setting) => sectionOf(setting) === section && setting.doc.kind !== "tables")
    const lines = settings.map((setting) => renderSetting(setting, config, sources))
    return [...(section === "" ? [] : [`[${section}]`]), ...lines].join("\n")
  })
  return `${[...sections, renderRules(config, sources)].join("\n\n")}\n`
}

function renderSetting(setting: Setting, config: Config, sources: ReadonlyMap<string, string>): string {
  const value = setting.path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config)
  const key = setting.name.slice(setting.name.lastIndexOf(".") + 1)
  const source = sources.get(setting.name) ?? (setting.doc.secret ? setting.doc.defaultNote : "default")
  if (value === undefined) return `# ${key} is not set`
  if (setting.doc.secret)
    return `# ${key} = ${Array.isArray(value) ? '["********"]' : '"********"'}  # ${source}, masked`
  return `${assignment(key, setting, value)}  # ${source}`
}

function renderRules(config: Config, sources: ReadonlyMap<string, string>): string {
  const source = sources.get("channels") ?? `default of ${config.mode} mode`
  if (config.channels.length === 0) return `# no [[channels]]  # ${source}`
  return config.channels
    .map((rule) => {
      const lines = RULE_SETTINGS.map((setting) => {
        const value = rule[setting.path[0] as keyof typeof rule]
        return assignment(setting.name, setting, value)
      })
      return [`[[channels]]  # ${source}`, ...lines].join("\n")
    })
    .join("\n\n")
}

function assignment(key: string, { doc }: Setting, value: unknown): string {
  const written = doc.kind === "duration" ? formatDurationMs(value as number) : value
  return stringify({ [key]: written }).trimEnd()
}
