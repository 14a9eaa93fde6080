import { SkeinError } from "../../core/errors.ts"

/** The code of a refusal, "done" where there is none; anything else fails the test. */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return "done"
  } catch (error) {
    if (error instanceof SkeinError) return error.code
    throw error
  }
}
