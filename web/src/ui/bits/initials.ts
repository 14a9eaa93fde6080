export const HAN = /\p{Script=Han}/u

const LETTER = /\p{L}/u

/** For Chinese names the last two characters, else the first letters of the first and last word that have one. */
export function initialsOf(name: string): string {
  const characters = [...name.trim()]
  if (characters.some((character) => HAN.test(character))) {
    return characters
      .filter((character) => HAN.test(character))
      .slice(-2)
      .join("")
  }
  const letters = name.split(/[\s._-]+/).flatMap((word) => [...word].find((one) => LETTER.test(one)) ?? [])
  // A name of digits or pictures alone.
  if (letters.length === 0) return firstSign(name.trim())
  const ends = letters.length > 1 ? [letters[0], letters.at(-1)] : letters
  return ends.join("").toUpperCase()
}

/** What the reader takes for one sign: an emoji made of several characters is not cut apart. */
function firstSign(text: string): string {
  for (const { segment } of new Intl.Segmenter().segment(text)) return segment
  return ""
}
