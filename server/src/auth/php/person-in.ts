import { createHash } from "node:crypto"
import { isValidUserId, type Person, personOf } from "../person.ts"
import { type PhpArray, type PhpValue, textOf, valueAt } from "./value.ts"

/** Names to go down by, through arrays and properties of objects alike. */
export type Path = readonly string[]

/** Where in a session the person is. */
export interface PersonPaths {
  /** Of the user's id. The first path with an id counts. */
  readonly user: readonly Path[]
  readonly name?: Path
  readonly avatar?: Path
}

/** Who is logged in; undefined: nobody. */
export function personIn(session: PhpArray, paths: PersonPaths): Person | undefined {
  for (const path of paths.user) {
    const userId = userIdOf(valueAt(session, path))
    if (userId === undefined) continue
    return personOf(userId, textAt(session, paths.name), textAt(session, paths.avatar))
  }
  return undefined
}

/** As text: an id may be an integer in one session and a numeric string in another. 0, "" and false are nobody. */
function userIdOf(value: PhpValue | undefined): string | undefined {
  const isNumber = typeof value === "number" || typeof value === "bigint"
  const text = value instanceof Uint8Array ? textOf(value) : isNumber ? String(value) : undefined
  return text !== undefined && isValidUserId(text) ? text : undefined
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
