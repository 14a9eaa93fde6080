import { CODES } from "../contract.ts"

/** A message on its way. Pure rules; storing and sending are done by their own files. */
export interface Letter {
  readonly client_id: string
  readonly conversation_id: string
  readonly text: string
  readonly reply_to_seq?: number
  readonly written_at: number
  readonly state: LetterState
  readonly failure?: Failure
  /** Its place in the log, once the server has answered. */
  readonly seq?: number
}

/**
 * queued: waits for its turn or for the network. sending: asked, not answered. sent: answered, its push not here yet.
 * failed: refused for good. held: so old that the writer is asked first.
 */
export type LetterState = "queued" | "sending" | "sent" | "failed" | "held"

export interface Failure {
  readonly code: number
  readonly message: string
}

/** How a send ended when it did not succeed. */
export type Verdict = "refused" | "later" | "signed-out"

/** Codes below 100 are the client library's own: timeout, closed, not connected. */
const LIBRARY_CODES_BELOW = 100
const HTTP_SERVER_ERRORS_FROM = 500

/** Decides whether trying the same again can help. */
export function judge(code: number): Verdict {
  if (code === CODES.unauthorized) return "signed-out"
  if (code < LIBRARY_CODES_BELOW || code === CODES.internal) return "later"
  if (code === CODES.tooManyRequests || code === CODES.storageUnavailable) return "later"
  return code >= HTTP_SERVER_ERRORS_FROM && code < 600 ? "later" : "refused"
}

/** The letter whose turn it is: the oldest waiting one, unless one is already on its way. */
export function nextLetter(letters: readonly Letter[], conversationId: string): Letter | undefined {
  const mine = letters.filter((letter) => letter.conversation_id === conversationId)
  if (mine.some((letter) => letter.state === "sending")) return undefined
  return mine.find((letter) => letter.state === "queued")
}

/** A letter that has waited longer than this is held: its writer is asked before it is sent. */
export const HELD_AFTER_MS = 10 * 60_000

/** What a stored letter becomes when the page is opened again. */
export function awaken(letter: Letter, nowMs: number): Letter {
  if (letter.state === "failed") return letter
  return { ...letter, state: nowMs - letter.written_at > HELD_AFTER_MS ? "held" : "queued" }
}

/** The letters with one of them changed. */
export function update(letters: readonly Letter[], clientId: string, change: Partial<Letter>): Letter[] {
  return letters.map((letter) => (letter.client_id === clientId ? { ...letter, ...change } : letter))
}

export const without = (letters: readonly Letter[], clientId: string): Letter[] =>
  letters.filter((letter) => letter.client_id !== clientId)
