import { constants } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { READ_LIMITS } from "../reading.ts"
import type { SessionStore, StoredSession } from "../store.ts"
import { storeOutage } from "./outage.ts"

/** There is no such file, or what is there is none. */
const GONE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "ENXIO", "ENAMETOOLONG"])

/**
 * Sessions in files below a folder. Never locks: PHP holds its lock for as long as a page runs.
 *
 * Files that may not be read are an outage, not a missing session: PHP makes them readable by its own user only.
 */
export function fileStore(folder: string): SessionStore {
  return {
    async read(key) {
      try {
        return await readSessionFile(join(folder, key))
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? ""
        if (GONE.has(code)) return undefined
        throw storeOutage(`files (${folder})`, explained(error, code))
      }
    },
    close: async () => undefined,
  }
}

async function readSessionFile(path: string): Promise<StoredSession | undefined> {
  // No link is followed and no pipe is waited for: who may write into the folder may not point us elsewhere.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { size, mtimeMs, isFile } = await statOf(file)
    if (!isFile) return undefined
    // One byte beyond the bound shows that there is more; the reader refuses it.
    const bytes = Buffer.alloc(Math.min(size, READ_LIMITS.maxBytes + 1))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return { bytes: bytes.subarray(0, bytesRead), writtenAtMs: mtimeMs }
  } finally {
    await file.close()
  }
}

async function statOf(file: Awaited<ReturnType<typeof open>>) {
  const stat = await file.stat()
  return { size: stat.size, mtimeMs: stat.mtimeMs, isFile: stat.isFile() }
}

function explained(error: unknown, code: string): unknown {
  if (code !== "EACCES" && code !== "EPERM") return error
  return new Error(
    "permission denied: run this server as the user PHP runs as (www-data), or as one with the same rights",
  )
}
