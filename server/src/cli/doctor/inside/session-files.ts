import { accessSync, constants, readdirSync } from "node:fs"
import { join } from "node:path"
import { type Finding, note, ok, problem } from "../finding.ts"

/** One is enough to know whose they are; the first ones may be of anybody. */
const MOST_LOOKED_AT = 100

/**
 * Whether this user may read sessions that are kept in files: PHP makes them for its own user alone (mode 0600), also
 * where everybody may enter the folder.
 *
 * @throws what the system says when the folder cannot be entered
 */
export function checkSessionFiles(about: string, folder: string): Finding {
  accessSync(folder, constants.X_OK)
  const names = namesIn(folder)
  if (names === undefined)
    return note(
      about,
      `${folder} can be entered and not listed: whether sessions in it can be read was not seen`,
      "skein whoami --cookie 'PHPSESSID=…' with the cookie of somebody who is logged in shows it",
    )
  const closed = names.slice(0, MOST_LOOKED_AT).find((name) => !mayRead(join(folder, name)))
  if (closed === undefined) return ok(about, `the store of the site's login sessions answers (files in ${folder})`)
  return problem(about, `this user may not read ${join(folder, closed)}`, {
    cause: "PHP keeps session files for the user it runs as; the server (and the doctor) must be that user",
    fix: "systemd: DynamicUser=no and User=www-data; Supervisor: user=www-data; here: sudo -u www-data skein doctor",
  })
}

/** Undefined: Debian lets nobody but root list the folder of PHP's sessions. */
function namesIn(folder: string): string[] | undefined {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") return undefined
    throw error
  }
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES" // Gone since it was listed: nothing to read.
  }
}
