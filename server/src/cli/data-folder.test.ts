import { afterEach, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type DataFolder, openDataFolder } from "./data-folder.ts"
import { CliError, EXIT } from "./exit.ts"

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const run of cleanUp.splice(0).reverse()) run()
})

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "skein-data-"))
  cleanUp.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function open(path: string, patienceMs = 0): Promise<DataFolder> {
  const folder = await openDataFolder(path, patienceMs)
  cleanUp.push(() => folder.release())
  return folder
}

async function refusal(path: string): Promise<CliError> {
  try {
    await open(path)
  } catch (error) {
    if (error instanceof CliError) return error
    throw error
  }
  throw new Error("the folder was opened")
}

const mode = (path: string) => statSync(path).mode & 0o777

test("the first start makes the folder and its secrets for the owner's eyes only", async () => {
  const path = join(temporaryFolder(), "deep", "data")
  const folder = await open(path)
  expect(folder.isNew).toBe(true)
  expect(mode(path)).toBe(0o700)
  expect(mode(join(path, "secrets.json"))).toBe(0o600)
  const { pusherKey, pusherSecret, ...secrets } = folder.secrets
  expect(new Set(Object.values(folder.secrets)).size).toBe(5)
  for (const secret of Object.values(secrets)) expect(Buffer.from(secret, "base64url")).toHaveLength(32)
  expect(pusherKey).toMatch(/^[0-9a-f]{20}$/)
  expect(pusherSecret).toMatch(/^[0-9a-f]{40}$/)
})

test("nobody else may hold the lock: what can be read can be locked", async () => {
  const path = temporaryFolder()
  chmodSync(path, 0o755)
  const lock = join(path, "lock.db")
  const first = await open(path)
  expect(mode(lock)).toBe(0o600)
  first.release()
  // As earlier versions left it.
  chmodSync(lock, 0o644)
  await open(path)
  expect(mode(lock)).toBe(0o600)
})

test("later starts find the same secrets", async () => {
  const path = temporaryFolder()
  const failed = await open(path)
  failed.release()
  const first = await open(path)
  // Nobody has been told of them: the start that made them came to nothing.
  expect([first.isNew, first.secrets]).toEqual([true, failed.secrets])
  first.announce("http://127.0.0.1:1")
  first.release()
  const second = await open(path)
  expect([second.isNew, second.secrets]).toEqual([false, first.secrets])
})

test("a data folder of a version without Pusher gets its app, and keeps the secrets it had", async () => {
  const path = temporaryFolder()
  const first = await open(path)
  first.release()
  const { pusherKey: _, pusherSecret: __, ...old } = first.secrets
  writeFileSync(join(path, "secrets.json"), JSON.stringify(old), { mode: 0o600 })
  const second = await open(path)
  second.release()
  expect(second.secrets).toMatchObject(old)
  const third = await open(path)
  expect(third.secrets).toEqual(second.secrets)
})

test("secrets that others could read are closed to them, with a warning", async () => {
  const path = temporaryFolder()
  const first = await open(path)
  first.release()
  chmodSync(join(path, "secrets.json"), 0o644)
  const second = await open(path)
  expect(second.warnings).toHaveLength(1)
  expect(mode(join(path, "secrets.json"))).toBe(0o600)
})

test("a second server on the same folder is refused and told who holds it", async () => {
  const path = temporaryFolder()
  await open(path)
  const { exitCode, message } = await refusal(path)
  expect(exitCode).toBe(EXIT.dataFolderInUse)
  expect(message).toContain(`(process ${process.pid})`)
})

test("a server that comes while another is leaving waits for the folder", async () => {
  const path = temporaryFolder()
  const first = await open(path)
  const second = open(path, 5_000)
  first.release()
  expect((await second).secrets).toEqual(first.secrets)
})

test("kill -9 of the holder leaves the folder free", async () => {
  const path = temporaryFolder()
  const program = `
    const { openDataFolder } = await import(${JSON.stringify(join(import.meta.dir, "data-folder.ts"))})
    globalThis.folder = await openDataFolder(${JSON.stringify(path)}, 0)
    globalThis.folder.announce("http://127.0.0.1:1")
    console.log("held")
    setInterval(() => Bun.gc(true), 10)
  `
  const holder = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" })
  const reader = holder.stdout.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toContain("held")
  expect((await refusal(path)).message).toContain(`(process ${holder.pid})`)
  holder.kill("SIGKILL")
  await holder.exited
  const folder = await open(path)
  expect(folder.isNew).toBe(false)
})

test("a path that is a file is refused in one line", async () => {
  const path = join(temporaryFolder(), "file")
  writeFileSync(path, "")
  for (const bad of [path, join(path, "below")]) {
    const { exitCode, message } = await refusal(bad)
    expect(exitCode).toBe(EXIT.dataFolder)
    expect(message).toMatch(/^cannot use the data folder .* \((EEXIST|ENOTDIR)\); name a folder with --data$/)
  }
})

test("damaged secrets are refused, kept as they are, and the folder is let go", async () => {
  const path = temporaryFolder()
  for (const damage of ["", "{", "[]", '{"apiKey":"short"}']) {
    writeFileSync(join(path, "secrets.json"), damage)
    const { exitCode, message } = await refusal(path)
    expect(exitCode).toBe(EXIT.dataFolder)
    expect(message).toContain("is damaged")
    expect(readFileSync(join(path, "secrets.json"), "utf8")).toBe(damage)
  }
  rmSync(join(path, "secrets.json"))
  expect((await open(path)).isNew).toBe(true)
  expect(existsSync(join(path, "secrets.json.new"))).toBe(false)
})
