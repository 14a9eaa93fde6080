import { SkeinError } from "../core/errors.ts"
import { CHAT_LIMITS } from "./contract.ts"

/** Controls, marks that turn the direction of text around, and what has no place in a line. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** A name as people see it: one line, single spaces, nothing invisible. @throws SkeinError `bad_request` */
export function cleanName(name: string, maxLength: number, what: string): string {
  const cleaned = tidy(name)
  if (cleaned === "") throw new SkeinError("bad_request", `${what} must have at least one visible character`)
  const length = [...cleaned].length
  if (length > maxLength)
    throw new SkeinError("bad_request", `${what} must have at most ${maxLength} characters, got ${length}`)
  return cleaned
}

/** A name that came from elsewhere and must be accepted: cut to size, `fallback` when nothing visible is left. */
export function fittingName(name: string, fallback: string): string {
  const cleaned = [...tidy(name)].slice(0, CHAT_LIMITS.maxNameLength).join("").trim()
  return cleaned === "" ? fallback : cleaned
}

const tidy = (name: string): string =>
  name.toWellFormed().normalize("NFC").replace(/\s+/gu, " ").replace(NOT_IN_NAMES, "").trim()

/** What two names that look the same have in common: width, case and spacing do not count. */
export function nameKey(name: string): string {
  return [...tidy(name).normalize("NFKC").toLowerCase()].slice(0, 120).join("")
}

/** A room's name in addresses: letters, digits, `-`, `_` and `.` of any script, lower case. Empty when nothing is left. */
export function slugOf(name: string): string {
  const words = nameKey(name).replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
  return [...words]
    .slice(0, CHAT_LIMITS.maxRoomNameLength)
    .join("")
    .replace(/^-+|-+$/g, "")
}
