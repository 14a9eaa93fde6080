import { type Card, CHAT_LIMITS } from "../contract.ts"

/** A card in words, for clients that draw none (bare sockets, old apps) and for search. */
export function cardText({ title, lines, url }: Card): string {
  const facts = lines.map(({ label, value }) => (label === undefined ? value : `${label}: ${value}`))
  const words = [title, ...facts, ...(url === undefined ? [] : [url])].join("\n")
  return [...words].slice(0, CHAT_LIMITS.maxTextLength).join("")
}
