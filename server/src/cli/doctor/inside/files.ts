import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs"
import { join } from "node:path"
import { type Finding, problem } from "../finding.ts"

/** What every SQLite database begins with. */
const DATABASE_HEADER = "SQLite format 3\0"

const SECRETS = "secrets.json"

const FIXES: Readonly<Record<string, string>> = {
  "lock.db": "stop the server and remove it: it holds the lock and nothing else",
  "log.db":
    "restore it from a backup; or stop the server and move it away with log.db-wal and log.db-shm: history begins anew, and clients are told of the gap",
  "chat.db":
    "restore it from a backup; or stop the server and move it away with chat.db-wal and chat.db-shm: rooms and messages begin anew",
  [SECRETS]: "restore it from a backup; or remove it: the next start makes new keys (everybody has to sign in again)",
}

const CAUSE = "the disk was full, another program wrote into it, or it was copied while a server worked in it"

/** Files of a data folder that are not what they should be. Reads their beginnings; changes nothing, locks nothing. */
export function checkFiles(folder: string): Finding[] {
  return readdirSync(folder)
    .filter((name) => name === SECRETS || name.endsWith(".db"))
    .flatMap((name) => {
      const wrong = name === SECRETS ? wrongSecrets(join(folder, name)) : wrongDatabase(join(folder, name))
      if (wrong === undefined) return []
      const fix = FIXES[name] ?? "restore it from a backup"
      return [problem("data.damaged", `${join(folder, name)} ${wrong}`, { cause: CAUSE, fix })]
    })
}

function wrongSecrets(path: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"))
    return typeof parsed === "object" && parsed !== null ? undefined : "holds no secrets"
  } catch (error) {
    return error instanceof SyntaxError ? "is not JSON" : `cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
}

/** An empty file is one that nothing has been written to yet. */
function wrongDatabase(path: string): string | undefined {
  const start = Buffer.alloc(DATABASE_HEADER.length)
  try {
    const file = openSync(path, "r")
    try {
      const length = readSync(file, start, 0, start.length, 0)
      return length === 0 || start.toString("latin1") === DATABASE_HEADER ? undefined : "is no longer a SQLite database"
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
}
