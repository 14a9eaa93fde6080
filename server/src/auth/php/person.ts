import { createHash } from "node:crypto"
import type { Identity } from "../../core/connection.ts"
import { type PhpArray, type PhpValue, textOf, valueAt } from "./value.ts"

/** Who a session says is logged in. */
export interface Person {
  readonly userId: string
  readonly name?: string
  /** Address of a picture: http(s), or a path on the site. */
  readonly avatar?: string
}

/** Names to go down by, through arrays and properties of objects alike. */
export type Path = readonly string[]

export interface PersonPaths {
  /** The first path with an id counts. */
  readonly user: readonly Path[]
  readonly name?: Path
  readonly avatar?: Path
}

const MAX_NAME_LENGTH = 200
const MAX_AVATAR_LENGTH = 2_000
const USER_ID = /^[^\p{C}\p{Z}]{1,128}$/u
const AVATAR = /^(https?:\/\/|\/(?![/\\]))[^\s"'<>\\]*$/i

/** Undefined: nobody is logged in. */
export function personIn(session: PhpArray, paths: PersonPaths): Person | undefined {
  for (const path of paths.user) {
    const userId = userIdOf(valueAt(session, path))
    if (userId === undefined) continue
    return personOf(userId, textAt(session, paths.name), textAt(session, paths.avatar))
  }
  return undefined
}

/** A name too long is cut; an avatar that is no address, or one that could run as script, is left out. */
export function personOf(userId: string, name: string | undefined, avatar: string | undefined): Person {
  const shown = name === undefined ? "" : [...name.trim()].slice(0, MAX_NAME_LENGTH).join("")
  const isAddress = avatar !== undefined && avatar.length <= MAX_AVATAR_LENGTH && AVATAR.test(avatar)
  return { userId, ...(shown === "" ? {} : { name: shown }), ...(isAddress ? { avatar } : {}) }
}

/** As text: an id may be an integer in one session and a numeric string in another. 0, "" and false are nobody. */
function userIdOf(value: PhpValue | undefined): string | undefined {
  if (typeof value === "number" || typeof value === "bigint") return validUserId(String(value))
  return value instanceof Uint8Array ? validUserId(textOf(value)) : undefined
}

/** The id if a user can have it: 1 to 128 characters, none of them blank or invisible. */
export function validUserId(text: string | undefined): string | undefined {
  return text !== undefined && text !== "0" && USER_ID.test(text) ? text : undefined
}

function textAt(session: PhpArray, path: Path | undefined): string | undefined {
  const value = path && valueAt(session, path)
  return value instanceof Uint8Array ? textOf(value) : undefined
}

/**
 * What a PHP session is called outside of the site, in API calls and logs: the SHA-256 of its id in hexadecimal,
 * in PHP `hash('sha256', session_id())`. The id itself would open the session.
 */
export function sessionIdOf(phpSessionId: string): string {
  return createHash("sha256").update(phpSessionId, "latin1").digest("hex")
}

export function identityOf(person: Person, sessionId: string | undefined): Identity {
  const { userId, name, avatar } = person
  const info = { ...(name === undefined ? {} : { name }), ...(avatar === undefined ? {} : { avatar }) }
  return {
    userId,
    ...(name === undefined && avatar === undefined ? {} : { info: JSON.stringify(info) }),
    ...(sessionId === undefined ? {} : { sessionId }),
  }
}
