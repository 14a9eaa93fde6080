import { SkeinError } from "../core/errors.ts"
import { limitError } from "../core/limits.ts"

/** Control characters but tab and newline. */
const CONTROLS = /[\p{Cc}]/gu
/** At least one character that shows: not the fillers of Hangul or the blank of Braille, though Unicode has them as signs. */
const VISIBLE = /[^\s\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u

/** Whether a reader would see anything of it. */
export const isVisible = (text: string): boolean => VISIBLE.test(text)

/**
 * A message's text as it is kept: line ends are `\n`, control characters and halves of surrogate pairs are gone,
 * everything else stays as it was typed.
 *
 * @param maxLength - code points
 * @throws SkeinError `text_too_long`; `bad_request` when nothing in it can be seen
 */
export function cleanText(text: string, maxLength: number): string {
  const cleaned = text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(CONTROLS, (control) => (control === "\n" || control === "\t" ? control : ""))
  ensureLength(cleaned, maxLength)
  if (!isVisible(cleaned)) throw new SkeinError("bad_request", "the text must have at least one visible character")
  return cleaned
}

/** @throws SkeinError `text_too_long` */
function ensureLength(text: string, maxLength: number): void {
  // A code point is one or two UTF-16 units: most texts need no counting.
  if (text.length <= maxLength) return
  const length = text.length > maxLength * 2 ? text.length : [...text].length
  if (length > maxLength)
    throw limitError(
      "chat.max_text_length",
      "text_too_long",
      `a message may have ${maxLength} characters, this one has ${length}`,
    )
}
