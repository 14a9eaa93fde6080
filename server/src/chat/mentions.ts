import { CHAT_LIMITS } from "./contract.ts"
import { nameKey } from "./names.ts"

/** "@" signs of one message that are looked at. */
const MAX_SIGNS = 10

/**
 * For each "@" of a text, all beginnings of what follows that could be somebody's name, made comparable. Names may
 * hold spaces, and Chinese text puts none behind a name: only the list of members tells where one ends.
 * An "@" within a word (an e-mail address) calls nobody.
 */
export function mentionCandidates(text: string): string[][] {
  const found: string[][] = []
  for (const { index } of text.matchAll(/(?<![\p{Script=Latin}\p{N}._-])@(?=[^\s@])/gu)) {
    if (found.length === MAX_SIGNS) break
    found.push(beginnings(text.slice(index + 1, index + 1 + CHAT_LIMITS.maxNameLength * 2)))
  }
  return found
}

function beginnings(following: string): string[] {
  const [line = ""] = following.split("\n")
  const characters = [...line].slice(0, CHAT_LIMITS.maxNameLength)
  const candidates = new Set<string>()
  for (let length = 1; length <= characters.length; length++) {
    // "@Ann" is not in "@Anna": a Latin word goes to its end.
    if (isInsideWord(characters[length - 1], characters[length])) continue
    candidates.add(nameKey(characters.slice(0, length).join("")))
  }
  candidates.delete("")
  return [...candidates]
}

const WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{M}\p{N}_]/u

const isInsideWord = (last: string | undefined, next: string | undefined): boolean =>
  last !== undefined && next !== undefined && WORD.test(last) && WORD.test(next)
