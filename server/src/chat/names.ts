import { SkeinError } from "../core/errors.ts"
import { CHAT_LIMITS } from "./contract.ts"
import { isVisible } from "./texts.ts"

/** Controls, marks that turn the direction of text around, and what has no place in a line. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** A name as people see it: one line, single spaces, nothing invisible. @throws SkeinError `bad_request` */
export function cleanName(name: string, maxLength: number, what: string): string {
  const cleaned = tidy(name)
  if (!isVisible(cleaned)) throw new SkeinError("bad_request", `${what} must have at least one visible character`)
  const length = [...cleaned].length
  if (length > maxLength)
    throw new SkeinError("bad_request", `${what} must have at most ${maxLength} characters, got ${length}`)
  return cleaned
}

/** A name that came from elsewhere and must be accepted: cut to size, `fallback` when nothing visible is left. */
export function fittingName(name: string, fallback: string): string {
  const cleaned = [...tidy(name)].slice(0, CHAT_LIMITS.maxNameLength).join("").trim()
  return isVisible(cleaned) ? cleaned : fallback
}

const tidy = (name: string): string =>
  name.toWellFormed().normalize("NFC").replace(/\s+/gu, " ").replace(NOT_IN_NAMES, "").trim()

/** What shows as nothing, or as a space: it makes no second name of a first. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800]/gu

/** What two names that look the same have in common: width, case, spacing and what cannot be seen do not count. */
export function nameKey(name: string): string {
  const seen = tidy(name).normalize("NFKC").toLowerCase().replace(UNSEEN, "").trim()
  return [...seen].slice(0, 120).join("")
}

/** A room's name in addresses: letters, digits, `-`, `_` and `.` of any script, lower case. Empty when nothing is left. */
export function slugOf(name: string): string {
  const words = nameKey(name).replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
  return [...words]
    .slice(0, CHAT_LIMITS.maxRoomNameLength)
    .join("")
    .replace(/^-+|-+$/g, "")
}
