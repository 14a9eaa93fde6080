import type { z } from "zod"
import { SkeinError } from "../core/errors.ts"

const MAX_TOLD = 3

/** A refusal that says in a line which fields are wrong, and how: `chat.send: client_id: expected string, …`. */
export function wrongInput(method: string, { issues }: z.ZodError): SkeinError {
  const told = issues.slice(0, MAX_TOLD).map(({ path, message }) => `${path.join(".") || "input"}: ${message}`)
  const more = issues.length > MAX_TOLD ? `; and ${issues.length - MAX_TOLD} more` : ""
  return new SkeinError("bad_request", `${method}: ${told.join("; ").slice(0, 500)}${more}`)
}
