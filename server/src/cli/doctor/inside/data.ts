import { Database } from "bun:sqlite"
import { accessSync, constants, existsSync, readFileSync, realpathSync, statfsSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { NOTES } from "../../data-folder.ts"
import { type Finding, note, ok, problem, warning } from "../finding.ts"
import { checkFiles } from "./files.ts"

const MIB = 1_048_576
const LOW_BYTES = 1_024 * MIB
const NONE_LEFT_BYTES = 128 * MIB

/** `f_type` of file systems over a network, whose locks and flushes databases cannot rely on (statfs(2)). */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x517b, "SMB"],
])

export interface DataState {
  readonly findings: Finding[]
  readonly isHeld: boolean
  /** The process that works in the folder, and where it listens, as far as known. */
  readonly holder: number | undefined
  readonly url: string | undefined
}

/** The data folder: may it be used, is there room, who works in it. Changes nothing in it. */
export function checkData(folder: string): DataState {
  const unusable = existsSync(folder) ? access(folder) : missing(folder)
  if (unusable) return { findings: [unusable], isHeld: false, holder: undefined, url: undefined }
  const held = isHeld(folder)
  const holder = held ? Number(read(folder, NOTES.pid)) || undefined : undefined
  const url = held ? read(folder, NOTES.url) : undefined
  const findings = [...rights(folder), ...room(folder), ...checkFiles(folder), lockFinding(folder, held, holder)]
  return { findings, isHeld: held, holder, url }
}

function missing(folder: string): Finding {
  try {
    accessSync(dirname(folder), constants.W_OK)
    return note("data", `${folder} does not exist yet`, "the first start makes it; another one: --data FOLDER")
  } catch {
    return problem("data", `${folder} does not exist, and this user may not make it`, {
      cause: "the folder above it is missing or belongs to somebody else",
      fix: `as root: install -d -m 700 -o USER ${folder}, with the user the server runs as`,
    })
  }
}

function access(folder: string): Finding | undefined {
  try {
    if (!statSync(folder).isDirectory()) return notAFolder(folder)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EROFS") return readOnly(folder)
    return problem("data", `this user may not write into ${folder} (${code})`, {
      cause: "it belongs to another user, or the doctor does not run as the user the server runs as",
      fix: `sudo -u USER skein doctor, or: chown -R USER ${folder}`,
    })
  }
}

const notAFolder = (path: string): Finding =>
  problem("data", `${path} is a file, not a folder`, {
    cause: "the setting data (--data, SKEIN_DATA) names something else",
    fix: "name a folder, or one that does not exist yet",
  })

const readOnly = (folder: string): Finding =>
  problem("data", `${folder} is on a file system that is read-only (EROFS)`, {
    cause: "it is mounted so, the kernel made it so after an error of the disk, or a unit or container allows no more",
    fix: "look at dmesg and mount; systemd: StateDirectory= or ReadWritePaths=; Docker: a volume for the folder",
  })

function rights(folder: string): Finding[] {
  const findings: Finding[] = []
  const { uid, mode } = statSync(folder)
  if (process.getuid?.() === 0 && uid !== 0 && !isDynamic(folder))
    findings.push(
      note(
        "data.owner",
        `the doctor is root, and ${folder} belongs to user ${uid}: root may read what the server perhaps may not`,
        `sudo -u '#${uid}' skein doctor`,
      ),
    )
  if ((mode & 0o007) !== 0)
    findings.push(
      warning("data.rights", `${folder} is open to other users of this machine`, {
        cause: "it was made by hand, or copied",
        fix: `chmod 700 ${folder}`,
      }),
    )
  const secrets = join(folder, "secrets.json")
  if (existsSync(secrets) && (statSync(secrets).mode & 0o077) !== 0)
    findings.push(
      problem("data.secrets", `${secrets} can be read by other users of this machine`, {
        cause: "it was copied or unpacked without its rights",
        fix: `chmod 600 ${secrets}; if others work on this machine, remove it too, so that the next start makes new keys (everybody has to sign in again)`,
      }),
    )
  const isWell = findings.every(({ severity }) => severity === "note")
  return isWell ? [...findings, ok("data", `${folder} is there for its owner alone`)] : findings
}

/** Of a user that systemd makes while the service runs (DynamicUser): outside of the service only root gets there. */
const isDynamic = (folder: string): boolean => realpathSync(folder).startsWith("/var/lib/private/")

function room(folder: string): Finding[] {
  const { bavail, bsize, type } = statfsSync(folder)
  const free = bavail * bsize
  const findings: Finding[] = []
  const network = NETWORK_FILE_SYSTEMS.get(type)
  if (network)
    findings.push(
      problem("data.filesystem", `${folder} is on ${network}`, {
        cause: "locks and flushes over a network are not reliable enough for a database: it can be damaged",
        fix: "use a disk of this machine, or a volume that is attached to it alone",
      }),
    )
  const says = `${Math.round(free / MIB)} MB are free for ${folder}`
  const remedy = {
    cause: "the disk is nearly full; publications are refused when it is",
    fix: "make room, or move the folder",
  }
  if (free < NONE_LEFT_BYTES) findings.push(problem("data.space", says, remedy))
  else if (free < LOW_BYTES) findings.push(warning("data.space", says, remedy))
  else findings.push(ok("data.space", says))
  return findings
}

function lockFinding(folder: string, held: boolean, holder: number | undefined): Finding {
  if (!held) return note("data.lock", `no server works in ${folder} at the moment`)
  return ok("data.lock", `a server works in it${holder === undefined ? "" : ` (process ${holder})`}`)
}

/** Reading is enough to notice the exclusive transaction of a running server (data-folder.ts), and disturbs none. */
function isHeld(folder: string): boolean {
  const file = join(folder, "lock.db")
  if (!existsSync(file)) return false
  const lock = new Database(file, { readonly: true })
  try {
    lock.query("SELECT count(*) FROM sqlite_master").get()
    return false
  } catch (error) {
    // Whatever else is wrong with it has a finding of its own (files.ts), and no server works in it.
    return (error as { code?: string }).code === "SQLITE_BUSY"
  } finally {
    lock.close()
  }
}

function read(folder: string, name: string): string | undefined {
  const path = join(folder, name)
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined
}
