import { readFileSync } from "node:fs"
import { descriptorLimit } from "../../../gateway/descriptors.ts"
import { type Finding, note, ok, problem, warning } from "../finding.ts"

/** Below this the server does not start (gateway/descriptors.ts). */
const LEAST = 256
const FEW = 10_000
const FIX =
  "systemd: LimitNOFILE=1048576; Supervisor: minfds=65536 in [supervisord]; Docker: --ulimit nofile=1048576; a shell: ulimit -n"

/**
 * Open files, of which each connection is one.
 *
 * @param pid - the running server; undefined: what this process may, as a server started like it would
 */
export function checkDescriptors(maxConnections: number, pid: number | undefined): Finding {
  const whose = pid === undefined ? "a server started like this command" : "the running server"
  const limit = limitOf(pid)
  if (limit === undefined) return note("descriptors", `how many files ${whose} may open is not known here`)
  const fitting = Math.floor(limit * 0.9)
  const says = `${whose} may open ${limit} files, enough for ${fitting} connections`
  const remedy = { cause: `the limit of open files is low; limits.max_connections is ${maxConnections}`, fix: FIX }
  if (limit < LEAST) return problem("descriptors", says, remedy)
  if (fitting < maxConnections && limit < FEW) return warning("descriptors", says, remedy)
  return fitting < maxConnections ? note("descriptors", says, FIX) : ok("descriptors", says)
}

function limitOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return descriptorLimit()
  try {
    return descriptorLimit(() => readFileSync(`/proc/${pid}/limits`, "utf8"))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EACCES" || code === "ESRCH") return undefined
    throw error
  }
}
