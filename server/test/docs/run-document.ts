import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Program } from "../cli/program.ts"
import { freePort } from "../support/ports.ts"
import { type Block, lineMatches, testedBlocks } from "./document.ts"

const ROOT = join(import.meta.dir, "..", "..", "..")
const DOCUMENTED_ADDRESS = /\b127\.0\.0\.1:8080\b/g
/** Where documents say that the reader's own site answers. */
const DOCUMENTED_SITE = /\b127\.0\.0\.1:8000\b/g
/** Where documents say that Skein has been unpacked. */
const DOCUMENTED_FOLDER = /\/opt\/skein\b/g
/** A document whose reader starts the server, in the folder of an application that is there already or begins there. */
const APPLICATION = /^<!-- test in: (.+) -->$/m
const NO_APPLICATION = "an empty folder"
const DEADLINE_MS = 25_000

/**
 * Does what a document tells its reader to do, in order, in an empty folder beside a server of its own.
 *
 * `sh`, `php` and `js` blocks marked `test` are run and must end well (`test background` goes on running);
 * `text prints` after one must come out of it, `text eventually` out of each of those in the background
 * (but not of one marked `serves`). With `<!-- test in: examples/x -->` the folder is a copy of that application, and the server is
 * the reader's affair; with `<!-- test in: an empty folder -->` that alone.
 */
export async function runDocument(markdown: string): Promise<void> {
  const application = APPLICATION.exec(markdown)?.[1]
  if (application !== undefined) return runInApplication(markdown, application)
  const folder = mkdtempSync(join(tmpdir(), "skein-docs-"))
  try {
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"))
    const server = new Program(["node", join(ROOT, "server/bin/skein.mjs"), "serve", "--port", "0"], { cwd: folder })
    const [, address = ""] = await server.prints(/^Skein ready on http:\/\/(\S+)$/m)
    await new Reader(folder, { skein: address }).follow(testedBlocks(markdown))
    server.kill("SIGTERM")
    await server.ends()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runInApplication(markdown: string, application: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "skein-docs-"))
  const port = await freePort()
  try {
    if (application !== NO_APPLICATION) cpSync(join(ROOT, application), folder, { recursive: true })
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"))
    const env = { SKEIN_PORT: String(port), PACKAGE_FOLDER: join(ROOT, "php") }
    const site = `127.0.0.1:${await freePort()}`
    await new Reader(folder, { skein: `127.0.0.1:${port}`, site }, env).follow(testedBlocks(markdown))
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Host and port that stand in for those that documents name. */
interface Addresses {
  readonly skein: string
  readonly site?: string
}

/** Somebody who follows a document to the letter. */
class Reader {
  readonly #folder: string
  readonly #addresses: Addresses
  readonly #env: Readonly<Record<string, string>>
  readonly #background: Program[] = []
  readonly #listening: Program[] = []
  #last: Program | undefined
  #files = 0

  constructor(folder: string, addresses: Addresses, env: Readonly<Record<string, string>> = {}) {
    this.#folder = folder
    this.#addresses = addresses
    this.#env = env
  }

  async follow(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      try {
        await this.#do(block)
      } catch (error) {
        throw new Error(`line ${block.line}: ${error instanceof Error ? error.message : error}`)
      }
    }
    for (const program of this.#background) program.kill("SIGKILL")
  }

  async #do(block: Block): Promise<void> {
    if (block.marks.includes("prints")) return this.#sees(block, this.#last ? [this.#last] : [])
    if (block.marks.includes("eventually")) return this.#sees(block, this.#listening)
    const isGroup = block.marks.includes("background")
    const program = new Program(this.#command(block), { cwd: this.#folder, env: { ...this.#env }, isGroup })
    this.#last = program
    if (isGroup) {
      this.#background.push(program)
      if (!block.marks.includes("serves")) this.#listening.push(program)
      return
    }
    const { code } = await program.ends()
    if (code !== 0) throw new Error(`ended with ${code}\n${program.stdout}\n${program.stderr}`)
  }

  /** Every line shown must be printed by each of the programs. */
  async #sees(block: Block, programs: readonly Program[]): Promise<void> {
    if (programs.length === 0) throw new Error("nothing has been run that could print this")
    const lines = block.text.split("\n").filter((line) => line.trim() !== "")
    for (const program of programs) {
      for (const line of lines) {
        const timeout = AbortSignal.timeout(DEADLINE_MS)
        while (!program.stdout.split("\n").some((printed) => lineMatches(line, printed))) {
          if (timeout.aborted) throw new Error(`not printed: ${line}\n${program.stdout}\n${program.stderr}`)
          await Bun.sleep(10) // Polls what another process prints, until the deadline above.
        }
      }
    }
  }

  #command({ language, text }: Block): string[] {
    const { skein, site = "127.0.0.1:8000" } = this.#addresses
    const code = text.replace(DOCUMENTED_ADDRESS, skein).replace(DOCUMENTED_SITE, site).replace(DOCUMENTED_FOLDER, ROOT)
    const extension = language === "js" ? "mjs" : language
    const file = join(this.#folder, `block-${++this.#files}.${extension}`)
    writeFileSync(file, code)
    if (language === "sh") return ["bash", "-euo", "pipefail", file]
    if (language === "php") return ["php", file]
    if (language === "js") return [process.execPath, "--no-install", file]
    throw new Error(`no way to run ${language} of ${dirname(file)}`)
  }
}
