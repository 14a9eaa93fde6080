import { ReadBudget, UnreadableBytes } from "./reading.ts"
import { nameOfText, PhpArray, PhpFloat, type PhpValue, phpInteger, textOf } from "./value.ts"

/**
 * Data that a framework stores with `json_encode`, as the array PHP would make of it.
 *
 * Integers keep all their digits: `JSON.parse` alone would round a user id beyond 2^53.
 *
 * @throws UnreadableBytes
 */
export function readPhpJson(bytes: Uint8Array): PhpValue {
  const text = textOf(bytes)
  if (text === undefined) throw new UnreadableBytes("expected JSON, got bytes that are not UTF-8")
  return toPhp(parse(text), new ReadBudget())
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
  } catch {
    throw new UnreadableBytes("expected JSON")
  }
}

/** The third argument is how the value is written (ECMAScript 2026, "JSON.parse source text access"). */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value
  const source = context?.source ?? String(value)
  if (!/^-?\d+$/.test(source)) return new PhpFloat(value)
  const integer = BigInt(source)
  // Beyond 64 bits PHP makes it a float.
  return BigInt.asIntN(64, integer) === integer ? phpInteger(integer) : new PhpFloat(value)
}

function toPhp(value: unknown, budget: ReadBudget): PhpValue {
  budget.value()
  if (typeof value === "string") return Buffer.from(value, "utf8")
  if (typeof value !== "object" || value === null || value instanceof PhpFloat) return value as PhpValue
  const array = new PhpArray()
  budget.enter()
  for (const [key, member] of Object.entries(value)) array.members.set(nameOfText(key), toPhp(member, budget))
  budget.leave()
  return array
}
