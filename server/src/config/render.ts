import { stringify } from "smol-toml"
import { ROW_SETTINGS, SECTIONS, SETTINGS, type Setting, sectionOf } from "./catalogue.ts"
import type { Config } from "./config.ts"
import { formatDurationMs } from "./duration.ts"

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
  const tables = SETTINGS.filter(({ doc }) => doc.kind === "tables")
  return `${[...sections, ...tables.map((setting) => renderTables(setting, config, sources))].join("\n\n")}\n`
}

function renderSetting(setting: Setting, config: Config, sources: ReadonlyMap<string, string>): string {
  const value = setting.path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config)
  const key = setting.name.slice(setting.name.lastIndexOf(".") + 1)
  const source = sources.get(setting.name) ?? ((setting.doc.secret && setting.doc.defaultNote) || "default")
  if (value === undefined) return `# ${key} is not set`
  if (setting.doc.secret)
    return `# ${key} = ${Array.isArray(value) ? '["********"]' : '"********"'}  # ${source}, masked`
  return `${assignment(key, setting, value)}  # ${source}`
}

/** Lists of tables: channel rules, apps. */
function renderTables(setting: Setting, config: Config, sources: ReadonlyMap<string, string>): string {
  const source = sources.get(setting.name) ?? `default of ${config.mode} mode`
  const rows = config[setting.path[0] as "channels" | "pusherApps" | "sites"]
  if (rows.length === 0) return `# no [[${setting.name}]]  # ${source}`
  const parts = ROW_SETTINGS.get(setting.name) ?? []
  // Without its secrets a table would be refused when the output is loaded.
  const hasSecrets = parts.some(({ doc }) => doc.secret)
  const text = rows
    .map((row) => {
      const lines = parts.map((part) => renderPart(part, row[part.path[0] as keyof typeof row]))
      return [`[[${setting.name}]]  # ${source}`, ...lines].join("\n")
    })
    .join("\n\n")
  return hasSecrets ? text.replace(/^(?!#|$)/gm, "# ") : text
}

function renderPart(part: Setting, value: unknown): string {
  if (value === undefined) return `# ${part.name} is not set`
  if (part.doc.secret) return `# ${part.name} = ${Array.isArray(value) ? '["********"]' : '"********"'}  # masked`
  return assignment(part.name, part, value)
}

function assignment(key: string, { doc }: Setting, value: unknown): string {
  const written = doc.kind === "duration" ? formatDurationMs(value as number) : value
  return stringify({ [key]: written }).trimEnd()
}
