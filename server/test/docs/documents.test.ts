import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { ConfigError, loadConfig } from "../../src/config/load.ts"
import { Program, temporaryFolder } from "../cli/program.ts"
import { testedBlocks } from "./document.ts"
import { runDocument } from "./run-document.ts"

const ROOT = join(import.meta.dir, "..", "..", "..")

const documents = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)

const read = (name: string) => readFileSync(join(ROOT, name), "utf8")

for (const name of documents) {
  const markdown = read(name)
  if (testedBlocks(markdown).length === 0) continue
  test(`everything ${name} tells to do works as shown`, () => runDocument(markdown), 60_000)
}

for (const [start, own] of [
  ["README.md", /(?<!\.zh-CN)\.md$/],
  ["README.zh-CN.md", /\.zh-CN\.md$/],
] as const)
  test(`every document in the language of ${start} is two clicks away from it at most`, () => {
    const near = [start, ...linksOf(start)].flatMap((name) => [name, ...linksOf(name)])
    const wanted = documents.filter((name) => own.test(name))
    expect(wanted.length).toBeGreaterThan(9)
    expect(wanted.filter((name) => !near.includes(name))).toEqual([])
  })

/** Documents that a document links to, by their paths in the repository. */
function linksOf(name: string): readonly string[] {
  return [...read(name).matchAll(/\]\((?![a-z]+:)([^)#\s]+\.md)/g)].map(([, link = ""]) => join(dirname(name), link))
}

test("both languages of a guide do the same", () => {
  const code = (name: string) => testedBlocks(read(name)).map(({ language, marks }) => `${language} ${marks.join(" ")}`)
  const pairs = documents.filter((name) => name.endsWith(".zh-CN.md"))
  expect(pairs).not.toEqual([])
  for (const name of pairs) expect(code(name)).toEqual(code(name.replace(".zh-CN.md", ".md")))
})

/** One thing has one name in Chinese: what is not said, and what is said in its place. */
const NOT_SAID = {
  游客: "访客",
  封号: "封禁",
  公共频道: "公开频道",
  在线频道: "Presence 频道",
  "presence 频道": "Presence 频道",
  "裸 WebSocket": "纯 WebSocket",
  答复: "响应",
  "「": "“",
}

test("the Chinese texts call one thing by one name", () => {
  const texts = [
    ...documents.filter((name) => name.endsWith(".zh-CN.md")),
    "README.zh-CN.md",
    "php/README.zh-CN.md",
    "web/src/i18n/zh.ts",
    "server/src/protocols/plain/texts.ts",
  ]
  const wrong = texts.flatMap((name) =>
    Object.entries(NOT_SAID)
      .filter(([word]) => read(name).includes(word))
      .map(([word, better]) => `${name}: ${word}, say ${better}`),
  )
  expect(wrong).toEqual([])
})

test("every example of a configuration is one that the server takes", () => {
  const problems = documents.flatMap((name) =>
    [...read(name).matchAll(/^```toml\n(.*?)^```$/gms)].flatMap(([, text = ""]) => problemsOf(name, text)),
  )
  expect(problems).toEqual([])
})

/** Keys of the site come from the environment, as the guides say. */
function problemsOf(name: string, text: string): readonly string[] {
  try {
    loadConfig({ env: { SKEIN_SESSIONS_APP_KEY: "the APP_KEY of its .env" }, flags: [], file: { name, text } })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`npm start, as the README says, serves the pages, and ends with npm on ${signal}`, async () => {
    for (const name of ["README.md", "README.zh-CN.md"]) expect(read(name)).toContain("npm ci && npm start")
    const data = temporaryFolder()
    const npm = new Program(["npm", "start", "--", "--port", "0", "--data", data], { cwd: ROOT })
    const [, url = ""] = await npm.prints(/^Skein ready on (\S+)$/m)
    const page = await fetch(url)
    expect(page.status).toBe(200)
    expect(page.headers.get("content-type")).toStartWith("text/html")
    npm.kill(signal)
    await npm.ends() // Waits for all that hold its output open: the server as well.
    expect(await fetch(url).catch(() => "nobody there")).toBe("nobody there")
  }, 60_000)
}
