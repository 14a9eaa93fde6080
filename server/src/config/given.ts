import { ROW_SETTINGS, SECTIONS, SETTING_BY_NAME, SETTINGS, type Setting, settingNamed } from "./catalogue.ts"
import { didYouMean } from "./suggest.ts"

/** A value as somebody wrote it, and where. */
export interface GivenValue {
  readonly setting: Setting
  readonly value: unknown
  /** `skein.toml`, `SKEIN_PORT` or `--port`. */
  readonly source: string
}

export interface Given {
  readonly values: readonly GivenValue[]
  readonly problems: readonly string[]
}

/** Read by the launcher and the command line, not settings. */
const OTHER_VARIABLES = ["SKEIN_CONFIG", "SKEIN_BUN", "SKEIN_LAUNCHER_FD"]

/** Kubernetes makes these for a Service called "skein"; they are nobody's mistake. */
const SERVICE_LINK = /^SKEIN_(SERVICE_|PORT_\d)/

export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Given {
  const byVariable = new Map(SETTINGS.flatMap((setting) => setting.env.map((variable) => [variable, setting] as const)))
  const values: GivenValue[] = []
  const problems: string[] = []
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("SKEIN_") || text === undefined || text === "") continue
    if (OTHER_VARIABLES.includes(variable) || SERVICE_LINK.test(variable)) continue
    const setting = byVariable.get(variable)
    if (!setting) problems.push(`${variable} is not a setting${didYouMean(variable, byVariable.keys())}`)
    else if (values.some((value) => value.setting === setting))
      problems.push(`${setting.env.join(" and ")} set the same thing: keep one`)
    else {
      const value = variable === setting.doc.env ? oneEntry(setting, text) : undefined
      values.push({ setting, value: value ?? fromText(setting, text), source: variable })
    }
  }
  return { values, problems }
}

/** The short name of a list holds one entry, whatever is in it: secrets may contain commas. Undefined: it is no list. */
function oneEntry({ doc }: Setting, value: unknown): unknown {
  return doc.kind === "texts" && typeof value === "string" ? [value] : undefined
}

/** A list may be one text in the file too: so `session.save_path` can be copied as it stands. */
function listed(setting: Setting, value: unknown): unknown {
  return setting.doc.kind === "texts" && typeof value === "string" ? fromText(setting, value) : value
}

/** @param flags - names of settings with the text given, and how the flag was written */
export function fromFlags(flags: readonly { name: string; text: string; source: string }[]): Given {
  const values: GivenValue[] = []
  const problems: string[] = []
  for (const { name, text, source } of flags) {
    const setting = settingNamed(name)
    const value = setting && name === setting.short ? oneEntry(setting, text) : undefined
    if (setting) values.push({ setting, value: value ?? fromText(setting, text), source })
    else problems.push(`${source}: ${name} is not a setting${didYouMean(name, SETTING_BY_NAME.keys())}`)
  }
  return { values, problems }
}

/** @param document - the parsed file; `source` is its name as the user knows it */
export function fromDocument(document: Readonly<Record<string, unknown>>, source: string): Given {
  const values: GivenValue[] = []
  const problems: string[] = []
  const read = (table: Readonly<Record<string, unknown>>, section: string) => {
    for (const [key, value] of Object.entries(table)) {
      const name = section === "" ? key : `${section}.${key}`
      const setting = settingNamed(name)
      if (setting && values.some((given) => given.setting === setting))
        problems.push(`${source}: ${setting.short} and ${setting.name} set the same thing: keep one`)
      else if (setting) values.push({ setting, value: fromFile(setting, name, value), source })
      else if (section === "" && SECTIONS.includes(key) && isTable(value)) read(value, key)
      else if (section === "" && SECTIONS.includes(key)) problems.push(`${source}: ${key} is a section: write [${key}]`)
      else problems.push(`${source}: ${name} is not a setting${suggestion(name, section)}`)
    }
  }
  const fromFile = (setting: Setting, name: string, value: unknown) => {
    if (name === setting.short) return oneEntry(setting, value) ?? value
    if (setting.doc.kind !== "tables") return listed(setting, value)
    if (!Array.isArray(value) || !value.every(isTable)) return value
    return value.map((row, index) => readRow(setting, row, `${source}: ${setting.name}[${index}]`, problems))
  }
  read(document, "")
  return { values, problems }
}

/** A table of a list with the program's names. Keys nobody knows are reported and left out. */
function readRow(
  list: Setting,
  row: Readonly<Record<string, unknown>>,
  where: string,
  problems: string[],
): Record<string, unknown> {
  const parts = ROW_SETTINGS.get(list.name) ?? []
  const known: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(row)) {
    const part = parts.find(({ name }) => name === key)
    const [property] = part?.path ?? []
    if (part && property !== undefined) known[property] = listed(part, value)
    else {
      const names = parts.map(({ name }) => name)
      problems.push(`${where}.${key} is not a setting${didYouMean(key, names)}`)
    }
  }
  return known
}

/** The same name in another section is what most people meant; else the nearest spelling. */
function suggestion(name: string, section: string): string {
  const key = name.slice(name.lastIndexOf(".") + 1)
  const elsewhere = SETTINGS.find((setting) => setting.name.endsWith(`.${key}`))
  if (elsewhere) return ` (did you mean ${elsewhere.name}?)`
  return didYouMean(name, section === "" ? [...SETTING_BY_NAME.keys(), ...SECTIONS] : SETTING_BY_NAME.keys())
}

/** Text of the environment or a flag as the kind of value the setting has. What does not fit stays text, to be refused. */
function fromText(setting: Setting, text: string): unknown {
  const { doc } = setting
  switch (doc.kind) {
    case "integer":
      return /^-?\d{1,16}$/.test(text.trim()) ? Number(text) : text
    case "flag":
      return FLAGS.get(text.trim().toLowerCase()) ?? text
    case "texts":
      return text.split(doc.secret || text.includes("-----BEGIN") ? /\s*,\s*/ : /[\s,]+/).filter((part) => part !== "")
    case "tables":
      return rowsFromText(setting, text)
    default:
      return text
  }
}

const FLAGS = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["0", false],
  ["no", false],
  ["off", false],
])

/** Tables as JSON with the file's names: `[{"pattern":"news","history_size":100}]`. */
function rowsFromText(setting: Setting, text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text)
    if (!Array.isArray(parsed) || !parsed.every(isTable)) return text
    const problems: string[] = []
    const rows = parsed.map((row, index) => readRow(setting, row, `${setting.name}[${index}]`, problems))
    return problems.length > 0 ? new Unreadable(problems.join("; ")) : rows
  } catch (error) {
    return new Unreadable(`not JSON (${error instanceof Error ? error.message : String(error)})`)
  }
}

/** Stands for a text that could not be read, with the reason, until the check refuses it. */
export class Unreadable {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
