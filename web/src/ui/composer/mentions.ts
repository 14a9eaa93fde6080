import type { User } from "../../contract.ts"

/** The name being typed after an `@`, and where it stands in the text. */
export interface MentionQuery {
  readonly from: number
  readonly query: string
}

const MAX_QUERY = 40
const MAX_SHOWN = 6
/** Like the server's rule: an `@` within a Latin word (an e-mail address) calls nobody. */
const BEFORE = /[\p{Script=Latin}\p{N}._-]/u

/** What is being looked for at the caret, if anything. */
export function mentionAt(text: string, caret: number): MentionQuery | undefined {
  const from = text.lastIndexOf("@", caret - 1)
  if (from < 0 || caret - from > MAX_QUERY || BEFORE.test(text[from - 1] ?? "")) return undefined
  const query = text.slice(from + 1, caret)
  return /[\n@]/.test(query) || query.startsWith(" ") ? undefined : { from, query }
}

/** People whose name, or a word of it, begins with the query; the beginning of the name counts more. */
export function candidates(people: readonly User[], query: string): User[] {
  const wanted = query.toLocaleLowerCase()
  const rank = (user: User): number => {
    const name = user.name.toLocaleLowerCase()
    if (name.startsWith(wanted)) return 0
    return name.split(/\s+/).some((word) => word.startsWith(wanted)) ? 1 : 2
  }
  return people
    .map((user) => ({ user, rank: rank(user) }))
    .filter((one) => one.rank < 2)
    .sort((a, b) => a.rank - b.rank || a.user.name.localeCompare(b.user.name))
    .slice(0, MAX_SHOWN)
    .map((one) => one.user)
}

/** The text with the query replaced by the name, and where the caret then stands. */
export function complete(text: string, at: MentionQuery, name: string): { text: string; caret: number } {
  const head = `${text.slice(0, at.from)}@${name} `
  const rest = text.slice(at.from + 1 + at.query.length).replace(/^ /, "")
  return { text: head + rest, caret: head.length }
}
