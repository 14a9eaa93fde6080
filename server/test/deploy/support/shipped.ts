import { readFileSync } from "node:fs"
import { join } from "node:path"

export const ROOT = join(import.meta.dirname, "../../../..")

/**
 * A file of `deploy/` with what an administrator is told to change, changed.
 *
 * @throws Error when a text to change is not in the file: then the test would not test what is shipped
 */
export function shipped(file: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(ROOT, "deploy", file), "utf8")
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`deploy/${file} does not contain ${JSON.stringify(from)} any more`)
    text = text.replaceAll(from, to)
  }
  return text
}
