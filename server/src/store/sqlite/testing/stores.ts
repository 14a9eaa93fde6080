import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock } from "../../../core/clock.ts"
import type { ChatStore } from "../../contract.ts"
import { openSqliteStore } from "../in-process.ts"
import { type SqliteChildOptions, type SqliteChildStore, startSqliteStore } from "../proxy.ts"

const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

export interface TemporaryFile {
  readonly file: string
  remove(): void
}

export function temporaryFile(): TemporaryFile {
  const folder = mkdtempSync(join(tmpdir(), "skein-store-"))
  return { file: join(folder, "chat.db"), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export const childStore = (file: string, more: Partial<SqliteChildOptions> = {}): SqliteChildStore =>
  startSqliteStore({ file, durability: "commit", clock: systemClock, log: silentLog, ...more })

/** One file, opened again and again by `open`. */
export async function onTemporaryFile(open: (file: string) => Promise<ChatStore>) {
  const temporary = temporaryFile()
  let current = await open(temporary.file)
  return {
    store: current,
    reopen: async () => {
      await current.stop()
      current = await open(temporary.file)
      return current
    },
    remove: async () => {
      await current.stop()
      temporary.remove()
    },
  }
}

export const inProcess = (): Promise<Awaited<ReturnType<typeof onTemporaryFile>>> =>
  onTemporaryFile((file) => openSqliteStore({ file, durability: "commit" }))
