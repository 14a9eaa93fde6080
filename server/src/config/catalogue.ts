import type { z } from "zod"
import { ruleSchema } from "./channel-rules.ts"
import { docOf, type FieldDoc } from "./fields.ts"
import { environmentName, fileKey, shortName } from "./names.ts"
import { pusherAppSchema } from "./pusher.ts"
import { configSchema } from "./schema.ts"
import { siteSchema } from "./sites.ts"

/** One setting under all its names. */
export interface Setting {
  /** In the file and after `--set`: `limits.ping_interval`. */
  readonly name: string
  /** In the program: `["limits", "pingIntervalMs"]`. */
  readonly path: readonly string[]
  /** Environment variables that set it, the preferred one first. */
  readonly env: readonly string[]
  /** A second name in the file and after `--set`, outside of any section: `port` beside `server.port`. */
  readonly short?: string
  readonly doc: FieldDoc
}

/** Every setting in the order of the schema, single ones before sections. */
export const SETTINGS: readonly Setting[] = collect(configSchema.shape, [])

/** What a channel rule consists of; `name` and `path` begin inside the rule. */
const RULE_SETTINGS: readonly Setting[] = collect(ruleSchema.shape, [])

/** By the name of a list of tables: what one of its tables consists of. */
export const ROW_SETTINGS: ReadonlyMap<string, readonly Setting[]> = new Map([
  ["channels", RULE_SETTINGS],
  ["pusher_apps", collect(pusherAppSchema.shape, [])],
  ["sites", collect(siteSchema.shape, [])],
])

export const SETTING_BY_NAME: ReadonlyMap<string, Setting> = new Map(SETTINGS.map((setting) => [setting.name, setting]))

const SETTING_BY_SHORT_NAME: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.flatMap((setting) => (setting.short === undefined ? [] : [[setting.short, setting] as const])),
)

/** The setting of a name as it is written in the file or after `--set`. */
export function settingNamed(name: string): Setting | undefined {
  return SETTING_BY_NAME.get(name) ?? SETTING_BY_SHORT_NAME.get(name)
}

/** Sections of the file; "" holds the settings outside of any. */
export const SECTIONS: readonly string[] = [...new Set(SETTINGS.map(sectionOf))]

export function sectionOf(setting: Setting): string {
  return setting.name.includes(".") ? setting.name.slice(0, setting.name.indexOf(".")) : ""
}

function collect(shape: Record<string, unknown>, parents: readonly string[]): Setting[] {
  return Object.entries(shape).flatMap(([key, value]) => {
    const schema = value as z.ZodType
    const doc = docOf(schema)
    if (doc) return [toSetting(key, parents, doc)]
    return collect(sectionShape(schema), [...parents, key])
  })
}

function toSetting(key: string, parents: readonly string[], doc: FieldDoc): Setting {
  const name = [...parents, fileKey(key, doc.kind)].join(".")
  const env = [...(doc.env ? [doc.env] : []), environmentName(name)]
  const short = doc.env && { short: shortName(doc.env) }
  return { name, path: [...parents, key], env, doc, ...short }
}

/** A section is an object with a default; the object is inside. */
function sectionShape(schema: z.ZodType): Record<string, unknown> {
  const inner = (schema as z.ZodPrefault<z.ZodObject>).unwrap()
  return inner.shape
}
