import { expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../support/ports.ts"
import { openFolder, SystemProgram } from "../support/program.ts"
import { ROOT, shipped } from "./support/shipped.ts"

const FILE = "docker/Dockerfile"

/** The last JSON list after an instruction of the Dockerfile, on this machine instead of in the image. */
function command(instruction: string, port: number): [string, ...string[]] {
  const text = shipped(FILE, {
    "/usr/local/bin/bun": process.execPath,
    "/opt/skein": ROOT,
    "127.0.0.1:8080": `127.0.0.1:${port}`,
  })
  const list = new RegExp(`^${instruction}[^[]*(\\[.*\\])$`, "m").exec(text)?.[1]
  if (!list) throw new Error(`deploy/${FILE} has no ${instruction}`)
  return JSON.parse(list)
}

// There is no container engine where these tests run: the image itself is not built here.
test("what the image copies is there", () => {
  const copied = [...shipped(FILE, {}).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = ""]) =>
    paths.split(" "),
  )
  expect(copied.length).toBeGreaterThan(5)
  expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test("what the image starts serves, its health check sees it, and SIGTERM ends it in order", async () => {
  const port = await freePort()
  const { path, remove } = openFolder("skein-image-")
  const [program, ...args] = command("ENTRYPOINT", port)
  const env = {
    SKEIN_HOST: "0.0.0.0",
    SKEIN_PORT: String(port),
    SKEIN_DATA: join(path, "data"),
    SKEIN_DRAIN_WINDOW: "0s",
  }
  const server = new SystemProgram(program, [...args, ...command("CMD", port)], env)
  const [check, ...checkArgs] = command("HEALTHCHECK", port)
  const health = () => Bun.spawnSync([check, ...checkArgs]).exitCode
  try {
    expect(health()).not.toBe(0)
    await server.ready(() => server.said.includes("Skein ready"), "is ready")
    await server.ready(() => server.said.includes("production mode"), "says that nobody gets in without a key")
    expect(health()).toBe(0)
    await server.stop("SIGTERM")
    expect(server.exitCode).toBe(0)
  } finally {
    await server.stop("SIGKILL")
    remove()
  }
})
