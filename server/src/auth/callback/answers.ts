import { isValidUserId, type Person, personOf } from "../person.ts"

/** What the site said. */
export type Answer =
  | { readonly kind: "known"; readonly person: Person; readonly sessionId: string | undefined }
  | { readonly kind: "nobody"; readonly why: string }

/** The site did not answer as it should; the message says what came. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer"
}

const NOBODY_STATUS = new Set([204, 401, 403])
const SESSION_ID = /^[\x21-\x7e]{1,200}$/

/** @param body - at most as long as the caller lets it be. @throws BadAnswer */
export function readAnswer(status: number, body: string): Answer {
  if (NOBODY_STATUS.has(status)) return nobody(`the site answered ${status}`)
  // Guests are often sent to a page for logging in.
  if (status >= 300 && status < 400)
    return nobody(`the site redirects (${status}); if it does so for members too, give the address it redirects to`)
  if (status !== 200) throw new BadAnswer(`it answered ${status}`)
  const answer = parse(body)
  if (answer === null) return nobody("the site answered null")
  if (typeof answer !== "object" || Array.isArray(answer)) throw new BadAnswer('expected JSON like {"id":"42"}')
  const { id, name, avatar, session } = answer as Record<string, unknown>
  if (id === null || id === false || id === "" || id === 0 || id === "0")
    return nobody("the site says nobody is logged in")
  if (typeof id !== "string" && !Number.isSafeInteger(id))
    throw new BadAnswer(
      `expected "id" to be text, a whole number or null, got ${id === undefined ? "none" : typeof id}`,
    )
  const userId = String(id)
  if (!isValidUserId(userId)) throw new BadAnswer('"id" is longer than 128 characters or holds blanks')
  const isNamed = typeof session === "string" && SESSION_ID.test(session)
  return {
    kind: "known",
    person: personOf(userId, textOrNone(name), textOrNone(avatar)),
    sessionId: isNamed ? session : undefined,
  }
}

function nobody(why: string): Answer {
  return { kind: "nobody", why }
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    const isPage = body.trimStart().startsWith("<")
    throw new BadAnswer(isPage ? "expected JSON, got a page: is it an error of PHP?" : "expected JSON")
  }
}
