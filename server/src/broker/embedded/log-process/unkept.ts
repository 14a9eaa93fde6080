import type { Database } from "bun:sqlite"
import { RuleBook } from "../../../core/rules.ts"
import type { KeptPatterns } from "../log-wire.ts"
import { newEpoch } from "./log-channels.ts"
import { readFact, writeFact } from "./schema.ts"
import { ask, inTransaction } from "./statements.ts"

const CHANNELS_PER_PAGE = 1_000

/**
 * Voids the positions of channels that the rules no longer keep in this log: they go on without it, and may come back
 * when the rules change again. A client that stood at their end in the log would then seem to have missed nothing.
 *
 * Looks at every channel, but only when the rules have changed since the last time.
 */
export function endUnkept(db: Database, kept: KeptPatterns): void {
  const text = JSON.stringify(kept)
  if (readFact(db, "kept") === text) return
  const rules = new RuleBook(kept.map(([pattern, isKept]) => ({ pattern, isKept: isKept === 1 })))
  inTransaction(db, () => {
    for (let [page, last] = [pageAfter(db, 0), 0]; page.length > 0; page = pageAfter(db, last)) {
      for (const [id, name] of page) {
        last = id
        // Without any rule nothing is published, and nothing can be missed.
        if (rules.find(name)?.isKept === false) ask(db, "UPDATE channels SET epoch = ? WHERE id = ?", newEpoch(), id)
      }
    }
    writeFact(db, "kept", text)
  })
}

function pageAfter(db: Database, id: number): [id: number, name: string][] {
  const page = ask(db, "SELECT id, name FROM channels WHERE id > ? ORDER BY id LIMIT ?", id, CHANNELS_PER_PAGE)
  return page as [number, string][]
}
