import { z } from "zod"
import { formatDurationMs, parseDurationMs } from "./duration.ts"

/** What a setting is, for the reference page, for error messages and for reading it from environment and flags. */
export interface FieldDoc {
  /** One or two sentences: what it does, and what 0 or empty means. */
  readonly doc: string
  readonly kind: "duration" | "integer" | "text" | "flag" | "choice" | "texts" | "tables"
  /** Completes "must be …". */
  readonly expects: string
  /** As it would be written in the file; undefined when there is none or it depends on the mode. */
  readonly default?: unknown
  /** How the default comes about when it is not one value. */
  readonly defaultNote?: string
  /** Masked wherever configuration is shown. */
  readonly secret?: boolean
  /** A shorter environment variable beside the one made from the name; of a list it holds one entry. */
  readonly env?: string
}

interface Common {
  readonly defaultNote?: string
  readonly env?: string
}

const documented = <T extends z.ZodType>(schema: T, doc: FieldDoc): T => schema.meta({ ...doc }) as T

/** The documentation of a setting's schema; undefined for sections. */
export function docOf(schema: z.ZodType): FieldDoc | undefined {
  const meta = schema.meta()
  return meta && "kind" in meta ? (meta as unknown as FieldDoc) : undefined
}

/** Written "10s" in the file, a number of milliseconds in the program (its name there ends in `Ms`). */
export function duration(doc: string, o: Common & { default: string; min: string; max: string }) {
  const minMs = parseDurationMs(o.min) ?? 0
  const maxMs = parseDurationMs(o.max) ?? 0
  const schema = z
    .string()
    .refine((text) => {
      const ms = parseDurationMs(text)
      return ms !== undefined && ms >= minMs && ms <= maxMs
    })
    .transform((text) => parseDurationMs(text) ?? 0)
    .prefault(o.default)
  const expects = `a duration from ${formatDurationMs(minMs)} to ${formatDurationMs(maxMs)}, written with its unit like "${o.default}"`
  return documented(schema, { doc, kind: "duration", expects, ...o })
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly unit?: string
}

const whole = ({ min, max }: Bounds) => z.number().int().min(min).max(max)

function integerDoc(doc: string, { min, max, ...rest }: Common & Bounds & { default?: number }): FieldDoc {
  const unit = rest.unit ? ` ${rest.unit}` : ""
  return { doc, kind: "integer", expects: `a whole number from ${min} to ${max}${unit}`, ...rest }
}

export function integer(doc: string, o: Common & Bounds & { default: number }) {
  return documented(whole(o).prefault(o.default), integerDoc(doc, o))
}

/** A number whose default is decided after everything is read. */
export function openInteger(doc: string, o: Common & Bounds & { defaultNote: string }) {
  return documented(whole(o).optional(), integerDoc(doc, o))
}

export function flag(doc: string, o: Common & { default: boolean }) {
  return documented(z.boolean().prefault(o.default), { doc, kind: "flag", expects: "true or false", ...o })
}

export function choice<const T extends readonly [string, ...string[]]>(
  doc: string,
  values: T,
  o: Common & { default: T[number] },
) {
  return documented(z.enum(values).prefault(o.default), { doc, kind: "choice", expects: oneOf(values), ...o })
}

/** A choice whose default is decided after everything is read. */
export function openChoice<const T extends readonly [string, ...string[]]>(
  doc: string,
  values: T,
  o: Common & { defaultNote: string },
) {
  return documented(z.enum(values).optional(), { doc, kind: "choice", expects: oneOf(values), ...o })
}

/** A flag whose default is decided after everything is read. */
export function openFlag(doc: string, o: Common & { defaultNote: string }) {
  return documented(z.boolean().optional(), { doc, kind: "flag", expects: "true or false", ...o })
}

interface TextOptions extends Common {
  readonly pattern?: RegExp
  readonly expects: string
  readonly secret?: boolean
}

const pattern = (o: TextOptions) => z.string().regex(o.pattern ?? /^/)

function textDoc(doc: string, kind: "text" | "texts", o: TextOptions & { default?: unknown }): FieldDoc {
  const { pattern: _, ...rest } = o
  return { doc, kind, ...rest }
}

export function text(doc: string, o: TextOptions & { default: string }) {
  return documented(pattern(o).prefault(o.default), textDoc(doc, "text", o))
}

/** A text that may be all digits, and then be written as a number: `id = 1`. */
export function identifier(doc: string, o: TextOptions & { default: string }) {
  const schema = z.preprocess((value) => (Number.isSafeInteger(value) ? String(value) : value), pattern(o))
  return documented(schema.prefault(o.default), textDoc(doc, "text", o))
}

export function optionalText(doc: string, o: TextOptions) {
  return documented(pattern(o).optional(), textDoc(doc, "text", o))
}

export function texts(doc: string, o: TextOptions & { default: readonly string[] }) {
  return documented(z.array(pattern(o)).prefault([...o.default]), textDoc(doc, "texts", o))
}

const oneOf = (values: readonly string[]) => `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`
