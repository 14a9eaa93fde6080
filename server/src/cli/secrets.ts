import { randomBytes } from "node:crypto"
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { Secrets } from "../config/config.ts"

const FILE = "secrets.json"

const secret = z.string().min(16)
const fileSchema = z.object({
  tokenHmacSecret: secret,
  apiKey: secret,
  sessionSecret: secret,
  // Not in the files of the first versions: made when missing.
  pusherKey: secret.optional(),
  pusherSecret: secret.optional(),
})

/** The secrets of a data folder; undefined when none have been made yet. @throws Error naming the file */
export function readSecrets(folder: string): Secrets | undefined {
  const path = join(folder, FILE)
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") return undefined
    const reason =
      code === "EACCES" ? "this user may not (EACCES); be the user that the server runs as" : (code ?? error)
    throw new Error(`cannot read ${path}: ${reason}`)
  }
  const parsed = fileSchema.safeParse(parseJson(text))
  if (!parsed.success)
    throw new Error(
      `${path} is damaged: expected tokenHmacSecret, apiKey and sessionSecret of 16 characters or more. Restore it, or remove it to make new ones (which signs everybody out)`,
    )
  const { pusherKey, pusherSecret, ...others } = parsed.data
  if (pusherKey !== undefined && pusherSecret !== undefined) return { ...others, pusherKey, pusherSecret }
  return writeSecrets(folder, { ...others, ...randomPusherApp() })
}

/** Makes and keeps new secrets. */
export function makeSecrets(folder: string): Secrets {
  return writeSecrets(folder, {
    tokenHmacSecret: randomSecret(),
    apiKey: randomSecret(),
    sessionSecret: randomSecret(),
    ...randomPusherApp(),
  })
}

/** Readable by the owner only; whole or not at all. */
function writeSecrets(folder: string, secrets: Secrets): Secrets {
  const path = join(folder, FILE)
  const file = openSync(`${path}.new`, "w", 0o600)
  try {
    writeSync(file, `${JSON.stringify(secrets, undefined, 2)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  return secrets
}

/** Takes away what others may do with the file. True when that was necessary. */
export function tightenSecrets(folder: string): boolean {
  const path = join(folder, FILE)
  if ((statSync(path).mode & 0o077) === 0) return false
  chmodSync(path, 0o600)
  return true
}

/** As Pusher makes them: 20 hexadecimal digits each, the key for everyone to see. */
const randomPusherApp = () => ({
  pusherKey: randomBytes(10).toString("hex"),
  pusherSecret: randomBytes(20).toString("hex"),
})

const randomSecret = () => randomBytes(32).toString("base64url")

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Not JSON is one of the ways to be damaged; the schema says so.
  }
}
