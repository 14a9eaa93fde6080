// Who may import whom (docs/decisions/0002-layers-and-imports.md). Run: node bin/check-imports.mjs
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, posix, resolve } from "node:path"
import { fileURLToPath } from "node:url"

/**
 * What each part of server/src may import beside itself. A part is a folder, or a folder and the one below it
 * where the house keeps several things that must not know each other.
 *
 * `packages: false` means nothing from outside either: no npm package, no node:, no bun:.
 */
export const RULES = [
  {
    part: "core",
    may: [],
    packages: false,
    why: "core is pure: it knows no socket, no HTTP, no SQL, no protocol, no Bun",
  },
  { part: "child", may: ["core"], why: "a child process knows nothing of what it is used for" },
  {
    part: "broker/*",
    may: ["core", "broker", "child"],
    why: "brokers know core and their contract, never one another",
  },
  { part: "broker", may: ["core"], why: "the broker contract speaks of core only" },
  { part: "store/sql", may: ["core", "store"], why: "the SQL of all stores knows no single one of them" },
  {
    part: "store/*",
    may: ["core", "store", "store/sql", "child"],
    why: "stores know core and their contract, never one another",
  },
  { part: "store", may: ["core"], why: "the store contract speaks of core only" },
  { part: "auth", may: ["core"], why: "auth answers who somebody is; it sends nothing and asks no protocol" },
  {
    part: "protocols/*",
    may: ["core", "gateway/protocol.ts"],
    why: "protocols know core and the gateway's Protocol interface, never one another",
  },
  { part: "chat", may: ["core", "store"], why: "chat uses core and store as a stranger would" },
  { part: "webhooks", may: ["core", "child"], why: "webhooks know core, and keep their queue in a child process" },
  { part: "gateway", may: ["core"], why: "the gateway knows protocols by its own interface only" },
  { part: "telemetry", may: ["core"], why: "telemetry is told, it does not ask" },
  { part: "config", may: ["core"], why: "configuration is read by everyone and reads no one" },
  { part: "app.ts", may: ["*"], not: ["cli"], why: "the program does not know how it was started" },
  {
    part: "app",
    may: ["*"],
    not: ["cli", "app.ts"],
    why: "pieces of the composition root know parts, not how they are started",
  },
  { part: "cli", may: ["*"], why: "the command line composes" },
]

const WEB_WHY = "web speaks public protocols; of the server it may import the types of server/src/chat/contract.ts only"
const CONTRACT = "server/src/chat/contract.ts"

/**
 * Every breach, as one line naming file, import and rule.
 *
 * @param {ReadonlyMap<string, string>} files - source texts by path from the repository's root
 * @returns {string[]}
 */
export function findBreaches(files) {
  const breaches = []
  const graph = new Map()
  for (const [path, source] of files) {
    const imports = importsOf(source)
    graph.set(path, [])
    for (const { specifier, typeOnly } of imports) {
      const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined
      // Types are gone when the program runs: circles of them cannot hurt the order of loading.
      if (target !== undefined && files.has(target) && !typeOnly) graph.get(path).push(target)
      const breach = path.startsWith("web/")
        ? breachInWeb(target, typeOnly)
        : breachInServer(path, specifier, target, files)
      if (breach) breaches.push(`${path} imports ${specifier}: ${breach}`)
    }
    if (partOf(path) === "core" && !isTest(path) && /\bBun\./.test(withoutComments(source)))
      breaches.push(`${path} uses Bun: ${ruleFor("core").why}`)
  }
  return [...breaches, ...findCycles(graph).map((cycle) => `a circle of imports: ${cycle.join(" → ")}`)]
}

function breachInServer(path, specifier, target, files) {
  if (isTest(path)) return undefined
  const part = partOf(path)
  const rule = ruleFor(part)
  if (!rule) return `no rule for ${part} yet; add one to bin/check-imports.mjs`
  if (target === undefined) return rule.packages === false ? rule.why : undefined
  if (!/\.(m?ts|tsx|json)$/.test(specifier)) return "relative imports end in .ts"
  if (!target.startsWith("server/")) return "the server imports nothing from elsewhere in the repository"
  if (!target.startsWith("server/src/")) return target.endsWith(".json") ? undefined : "sources do not import tests"
  if (isTest(target)) return "sources do not import tests"
  if (!files.has(target)) return "there is no such file"
  return mayImport(rule, part, target) ? undefined : rule.why
}

function mayImport(rule, part, target) {
  const targetPart = partOf(target)
  if (targetPart === part) return true
  if (rule.not?.includes(targetPart)) return false
  return rule.may.some((may) => may === "*" || may === targetPart || target === `server/src/${may}`)
}

function breachInWeb(target, typeOnly) {
  if (target === undefined || target.startsWith("web/")) return undefined
  if (target === CONTRACT && typeOnly) return undefined
  return WEB_WHY
}

/** The part a file belongs to: the longest that has a rule. */
function partOf(path) {
  const [first = "", second] = path.replace(/^server\/src\//, "").split("/")
  if (second === undefined) return first
  const isFolder = !second.includes(".")
  if (isFolder && RULES.some(({ part }) => part.startsWith(`${first}/`))) return `${first}/${second}`
  return first
}

function ruleFor(part) {
  const group = part.includes("/") ? `${part.slice(0, part.indexOf("/"))}/*` : undefined
  return RULES.find((rule) => rule.part === part) ?? RULES.find((rule) => rule.part === group)
}

const isTest = (path) => /\.test\.tsx?$|\/testing\/|-suite\.ts$|^server\/test\//.test(path)

/**
 * What a source file imports, types included. Formatted code is assumed: a statement begins its line.
 *
 * @param {string} source
 * @returns {{ specifier: string, typeOnly: boolean }[]}
 */
export function importsOf(source) {
  const code = withoutComments(source)
  const found = []
  const statement =
    /^[ \t]*(?:import|export)\b(?<kind>\s+type\b)?(?<names>[^"'`;()=]*?)["'](?<specifier>[^"'\n]+)["']/gm
  for (const { groups } of code.matchAll(statement)) {
    const { kind, names, specifier } = groups
    const isImport = names.trim() === "" || /\bfrom\s*$/.test(names)
    if (isImport) found.push({ specifier, typeOnly: kind !== undefined || onlyTypeNames(names) })
  }
  for (const [, specifier, after] of code.matchAll(/\bimport\(\s*["']([^"'\n]+)["']\s*\)(\.[A-Z])?/g))
    found.push({ specifier, typeOnly: after !== undefined })
  return found
}

/** `{ type A, type B }`, which leaves nothing to import when the program runs. */
function onlyTypeNames(names) {
  const inside = /^\s*\{([^}]*)\}\s*from\s*$/.exec(names)?.[1]
  return inside?.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type ")) ?? false
}

const withoutComments = (source) => source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^[ \t]*\/\/.*$/gm, "")

/** One circle for each knot of files that import each other. */
function findCycles(graph) {
  const state = new Map()
  const path = []
  const cycles = []
  const visit = (file) => {
    state.set(file, "open")
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      if (state.get(next) === "open") cycles.push([...path.slice(path.indexOf(next)), next])
      else if (!state.has(next)) visit(next)
    }
    path.pop()
    state.set(file, "done")
  }
  for (const file of graph.keys()) if (!state.has(file)) visit(file)
  return cycles
}

/** @param {string} root */
function readSources(root) {
  const files = new Map()
  const read = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) read(path)
      else if (/\.tsx?$/.test(entry.name)) files.set(path, readFileSync(join(root, path), "utf8"))
    }
  }
  for (const folder of ["server/src", "server/test", "web/src"]) read(folder)
  return files
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..")
  const files = readSources(root)
  const breaches = findBreaches(files)
  for (const breach of breaches) console.error(breach)
  console.log(`imports: ${files.size} files, ${breaches.length} breaches`)
  process.exit(breaches.length > 0 ? 1 : 0)
}
