/** `*` stands for any text, `?` for one character; all else for itself. Time at most |pattern| × |text|. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  /** Where to go on when what follows the last star does not fit: the star, and one character more for it. */
  let star = -1
  let starText = 0
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++
      starText = t
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++starText
    } else return false
  }
  while (pattern[p] === "*") p++
  return p === pattern.length
}
