/** A store child on a disk that is full after some pages, until a file says that there is room again. */
import type { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { serveStore } from "../child.ts"
import type { SqliteOptions } from "../in-process.ts"

const options = JSON.parse(process.argv[2] ?? "{}") as SqliteOptions

function opened(database: Database): void {
  database.run("pragma max_page_count = 80")
  const timer = setInterval(() => {
    if (!existsSync(`${options.file}.room`)) return
    clearInterval(timer)
    database.run("pragma max_page_count = 100000")
  }, 10)
  timer.unref()
}

await serveStore(options, { opened })
