import { readFileSync } from "node:fs"

/** Below this a server is not worth starting: each connection is a descriptor. */
const MIN_DESCRIPTORS = 256

/** Open files this process may have; undefined where the system does not say (not Linux). */
export function descriptorLimit(
  limits: () => string = () => readFileSync("/proc/self/limits", "utf8"),
): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits())?.[1]
    return soft === undefined || soft === "unlimited" ? undefined : Number(soft)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

/**
 * How many connections fit: at the descriptor limit Bun spins in accept (bun#32705), so a tenth stays free for files,
 * pipes and sockets that are just closing.
 *
 * @throws Error when the limit is too low to serve anyone
 */
export function fittingConnections(wanted: number, limit = descriptorLimit()): number {
  if (limit === undefined) return wanted
  if (limit < MIN_DESCRIPTORS)
    throw new Error(`this process may open ${limit} files only; raise it to 20000 or more (ulimit -n, LimitNOFILE=)`)
  return Math.min(wanted, Math.floor(limit * 0.9))
}
