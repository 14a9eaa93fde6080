import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)
const PAGE = join(import.meta.dir, "page.php")

/** A visitor of a PHP site: keeps the cookie between pages, as a browser does. */
export class Visitor {
  readonly #settings: Readonly<Record<string, string>>
  cookie = ""
  /** A page is on its way: PHP may have given the session a new id already, and the browser does not know it yet. */
  isLoading = false

  /** @param settings - of php.ini */
  constructor(settings: Readonly<Record<string, string>>) {
    this.#settings = settings
  }

  async login(user: string): Promise<void> {
    await this.visit(`do=login&user=${user}`)
  }

  /** Opens the page under php-cgi; what PHP writes and sends is real. */
  async visit(query: string, page = PAGE): Promise<{ readonly id: string; readonly user: unknown }> {
    const flags = Object.entries({ "session.gc_probability": "0", ...this.#settings }).flatMap(([name, value]) => [
      "-d",
      // Quoted, because a save_path may hold ";", "=" or "&".
      `${name}="${value}"`,
    ])
    const env = {
      PATH: process.env.PATH,
      REDIRECT_STATUS: "200",
      REQUEST_METHOD: "GET",
      SCRIPT_FILENAME: page,
      QUERY_STRING: query,
      HTTP_COOKIE: this.cookie,
    }
    this.isLoading = true
    const { stdout } = await run("php-cgi", flags, { env, encoding: "utf8" }).finally(() => {
      this.isLoading = false
    })
    const [head = "", body = ""] = stdout.split("\r\n\r\n", 2)
    const set = /^Set-Cookie: ([^;\r\n]+)/im.exec(head)?.[1]
    if (set !== undefined) this.cookie = set
    return JSON.parse(body)
  }
}

/** What a PHP script prints. */
export async function phpOutput(script: string): Promise<string> {
  const { stdout } = await run("php", ["-d", "display_errors=stderr", "-r", script], { encoding: "utf8" })
  return stdout
}
