import type { Identity } from "../core/connection.ts"

/** Who the site says somebody is. */
export interface Person {
  readonly userId: string
  readonly name?: string
  /** Address of a picture: http(s), or a path on the site. */
  readonly avatar?: string
}

const MAX_NAME_LENGTH = 200
const MAX_AVATAR_LENGTH = 2_000
const USER_ID = /^[^\p{C}\p{Z}]{1,128}$/u
const AVATAR = /^(https?:\/\/|\/(?![/\\]))[^\s"'<>\\]*$/i

/** A name too long is cut; an avatar that is no address, or one that could run as script, is left out. */
export function personOf(userId: string, name: string | undefined, avatar: string | undefined): Person {
  const shown = name === undefined ? "" : [...name.trim()].slice(0, MAX_NAME_LENGTH).join("")
  const isAddress = avatar !== undefined && avatar.length <= MAX_AVATAR_LENGTH && AVATAR.test(avatar)
  return { userId, ...(shown === "" ? {} : { name: shown }), ...(isAddress ? { avatar } : {}) }
}

/** Whether a user can have this id: 1 to 128 characters, none of them blank or invisible, and not "0". */
export function isValidUserId(text: string): boolean {
  return text !== "0" && USER_ID.test(text)
}

/** The identity of a connection made by this person. @param sessionId - of the login; undefined when it has no name */
export function identityOf(person: Person, sessionId: string | undefined): Identity {
  const { userId, name, avatar } = person
  const info = { ...(name === undefined ? {} : { name }), ...(avatar === undefined ? {} : { avatar }) }
  return {
    userId,
    ...(name === undefined && avatar === undefined ? {} : { info: JSON.stringify(info) }),
    ...(sessionId === undefined ? {} : { sessionId }),
  }
}
