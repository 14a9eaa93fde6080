import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StaticFiles } from "./static.ts"

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "skein-static-"))
  await mkdir(join(root, "assets"))
  await writeFile(join(root, "index.html"), `<script type="module" src="./assets/main-B7x_k2Qz.js"></script>`)
  await writeFile(join(root, "assets/main-B7x_k2Qz.js"), "console.log('x');".repeat(100))
})
afterAll(() => rm(root, { recursive: true }))

const get = (files: StaticFiles, path: string, headers: Record<string, string> = {}) =>
  files.respond(new Request(`http://x${path}`, { headers }), path)

test("the page is never cached blindly, hashed assets for ever", async () => {
  const files = await StaticFiles.load({ root, assetsBaseUrl: "" })
  expect(get(files, "/")?.headers.get("cache-control")).toBe("no-cache")
  const asset = get(files, "/assets/main-B7x_k2Qz.js")
  expect(asset?.headers.get("cache-control")).toContain("immutable")
  expect(asset?.headers.get("content-type")).toStartWith("text/javascript")
})

test("answers compressed as the client accepts, and 304 for a known ETag", async () => {
  const files = await StaticFiles.load({ root, assetsBaseUrl: "" })
  const path = "/assets/main-B7x_k2Qz.js"
  expect(get(files, path, { "accept-encoding": "gzip, br" })?.headers.get("content-encoding")).toBe("br")
  expect(get(files, path, { "accept-encoding": "gzip" })?.headers.get("content-encoding")).toBe("gzip")
  expect(get(files, path)?.headers.get("content-encoding")).toBeNull()
  const etag = get(files, path)?.headers.get("etag") as string
  expect(get(files, path, { "if-none-match": etag })?.status).toBe(304)
})

test("a strict policy: no inline script, and a CDN only when configured", async () => {
  const here = get(await StaticFiles.load({ root, assetsBaseUrl: "" }), "/")
  expect(here?.headers.get("content-security-policy")).toContain("script-src 'self';")
  const cdn = get(await StaticFiles.load({ root, assetsBaseUrl: "https://cdn.example/skein" }), "/")
  expect(cdn?.headers.get("content-security-policy")).toContain("script-src 'self' https://cdn.example;")
  expect(await cdn?.text()).toContain('src="https://cdn.example/skein/assets/main-B7x_k2Qz.js"')
})

test("only files that exist are found: a path is a key, not a place in the file system", async () => {
  const files = await StaticFiles.load({ root, assetsBaseUrl: "" })
  for (const path of ["/../secrets.json", "/assets/../index.html", "/etc/passwd", "/assets/"])
    expect(get(files, path)).toBeUndefined()
})
