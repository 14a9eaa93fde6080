import { PhpCustom, PhpEnum, PhpFloat, type PhpMembers, PhpObject, type PhpValue, textOf } from "../value.ts"

/** Names that stand for something in the notation of the fixtures. */
const RESERVED = new Set([
  "__int",
  "__float",
  "__bytes",
  "__class",
  "__props",
  "__custom",
  "__enum",
  "__map",
  "__cycle",
])

/** What a reader made of a session, in the notation of `expected_data`. Written out whole: for fixtures only. */
export function toNotation(value: PhpValue, above: readonly PhpValue[] = []): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value
  if (typeof value === "bigint") return { __int: String(value) }
  if (value instanceof PhpFloat) return floatNotation(value.value)
  if (value instanceof Uint8Array) return bytesNotation(value)
  if (value instanceof PhpEnum) return { __enum: `${value.className}:${value.caseName}` }
  if (value instanceof PhpCustom) return { __class: value.className, __custom: bytesNotation(value.payload) }
  if (above.includes(value)) return { __cycle: true }
  const pairs = [...value.members].map(([name, member]) => [name, toNotation(member, [...above, value])] as const)
  if (value instanceof PhpObject) return { __class: value.className, __props: record(pairs) }
  return arrayNotation(value.members, pairs)
}

function arrayNotation(members: PhpMembers, pairs: readonly (readonly [string, unknown])[]): unknown {
  if (pairs.every(([name], index) => name === String(index))) return pairs.map(([, member]) => member)
  const names = [...members].map(([name]) => Buffer.from(name, "latin1"))
  const isOdd = names.some((name) => RESERVED.has(textOf(name) ?? "__bytes"))
  if (!isOdd) return record(pairs)
  return { __map: pairs.map(([name, member]) => [bytesNotation(Buffer.from(name, "latin1")), member]) }
}

function record(pairs: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const named = pairs.map(([name, member]) => [textOf(Buffer.from(name, "latin1")) ?? name, member] as const)
  return Object.fromEntries(named)
}

function floatNotation(value: number): unknown {
  if (Number.isNaN(value)) return { __float: "NAN" }
  if (Object.is(value, -0)) return { __float: "-0" }
  return Number.isFinite(value) ? value : { __float: value > 0 ? "INF" : "-INF" }
}

function bytesNotation(bytes: Uint8Array): unknown {
  return textOf(bytes) ?? { __bytes: Buffer.from(bytes).toString("base64") }
}
