/** Before an "@", these make it part of an e-mail address or a file's name. */
const JOINS = /[\p{Script=Latin}\p{N}._-]$/u
/** Scripts that part words by spaces: a name in them ends where its word does. Chinese puts nothing behind a name. */
const WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{M}\p{N}_]/u

const comparable = (text: string): string => text.normalize("NFKC").toLowerCase()

/** Whether a text calls somebody of this name, by the server's rules: "@Ann" is not in "@Anna", nor in "to@ann.example". */
export function callsFor(text: string, name: string): boolean {
  const said = comparable(text)
  const call = `@${comparable(name)}`
  const last = [...call].at(-1) ?? ""
  for (let at = said.indexOf(call); at >= 0; at = said.indexOf(call, at + 1)) {
    const next = String.fromCodePoint(said.codePointAt(at + call.length) ?? 32)
    const goesOn = WORD.test(last) && WORD.test(next)
    if (!goesOn && !JOINS.test(said.slice(Math.max(0, at - 2), at))) return true
  }
  return false
}
