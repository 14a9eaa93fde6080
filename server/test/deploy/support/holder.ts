import { readFileSync } from "node:fs"
import { join } from "node:path"

/**
 * The process that works in a data folder, as it noted there.
 *
 * @throws Error while the note is being written: 0 would be a whole group of processes to whoever kills it
 */
export function holderOf(data: string): number {
  const pid = Number(readFileSync(join(data, "lock.pid"), "utf8"))
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`lock.pid of ${data} names no process`)
  return pid
}

/** Another process than this works in the folder now. */
export function hasChanged(data: string, from: number): boolean {
  try {
    return holderOf(data) !== from
  } catch {
    return false // Being written at this moment.
  }
}
