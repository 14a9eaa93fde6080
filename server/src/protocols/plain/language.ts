import type { Language } from "./texts.ts"

/** No browser sends longer ones; reading stops there. */
const MAX_HEADER_LENGTH = 500

/** The one of our languages that an Accept-Language header prefers (RFC 9110 section 12.5.4). */
export function preferredLanguage(header: string | null, otherwise: Language): Language {
  const weights = { "zh-CN": 0, en: 0 }
  for (const part of (header ?? "").slice(0, MAX_HEADER_LENGTH).split(",")) {
    const [range = "", ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase())
    const language = languageOf(range)
    if (language !== undefined) weights[language] = Math.max(weights[language], weightOf(parameters))
  }
  if (weights["zh-CN"] === weights.en) return otherwise
  return weights.en > weights["zh-CN"] ? "en" : "zh-CN"
}

function languageOf(range: string): Language | undefined {
  const [primary] = range.split("-")
  if (primary === "zh") return "zh-CN"
  return primary === "en" ? "en" : undefined
}

function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => parameter.startsWith("q="))
  if (q === undefined) return 1
  const weight = Number(q.slice(2))
  return weight >= 0 && weight <= 1 ? weight : 0
}
