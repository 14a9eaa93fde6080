/** The members of a JSON object that a stranger sent, none of them checked. */
export type Fields = Readonly<Record<string, unknown>>

/** True for a JSON object; arrays and null are none. */
export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Undefined: the text is not JSON, or JSON of something other than an object. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
