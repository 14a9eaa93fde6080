import { execFile } from "node:child_process"
import { chownSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { type Service, start, temporaryFolder } from "./services.ts"

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

/** A MariaDB with nobody in it but `root` without a password, on loopback. */
export async function startMariaDb(): Promise<Service> {
  const folder = temporaryFolder()
  const user = isRoot ? ["--user=root"] : []
  await run("mariadb-install-db", [
    ...user,
    "--no-defaults",
    `--datadir=${folder}/data`,
    "--auth-root-authentication-method=normal",
  ])
  const port = (given: number) => [
    ...["--no-defaults", ...user, `--datadir=${folder}/data`, "--bind-address=127.0.0.1", `--port=${given}`],
    ...[`--socket=${folder}/s.sock`, `--pid-file=${folder}/pid`, "--innodb-flush-log-at-trx-commit=0"],
  ]
  return start("mariadbd", port, folder)
}

/** A PostgreSQL that trusts whoever comes over loopback. Refuses to run as root, so it runs as its own user then. */
export async function startPostgres(): Promise<Service> {
  const folder = temporaryFolder()
  const [version = ""] = readdirSync("/usr/lib/postgresql").sort().reverse()
  const bin = join("/usr/lib/postgresql", version, "bin")
  const asUser = isRoot ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
  if (isRoot) chownSync(folder, ...(await idsOf("postgres")))
  await run("setpriv", [
    ...asUser,
    join(bin, "initdb"),
    "-D",
    `${folder}/data`,
    "-A",
    "trust",
    "-U",
    "postgres",
    "--no-sync",
  ])
  const port = (given: number) => [
    ...[...asUser, join(bin, "postgres"), "-D", `${folder}/data`, "-h", "127.0.0.1", "-p", String(given)],
    ...["-k", folder, "-c", "fsync=off"],
  ]
  return start("setpriv", port, folder)
}

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => Number((await run("id", [flag, user])).stdout)))
  return [uid ?? 0, gid ?? 0]
}
