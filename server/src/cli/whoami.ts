import { createInterface } from "node:readline"
import { type NamedSite, namedSites } from "../app/named-sites.ts"
import type { createSite, Site } from "../app/site.ts"
import type { Answer } from "../auth/callback/answers.ts"
import type { KnownPerson, Nobody } from "../auth/php/sessions.ts"
import { reasonOf } from "../auth/php/stores/outage.ts"
import type { Settings } from "../config/schema.ts"
import { knowsNobody, MAIN_SITE } from "../config/sites.ts"
import { didYouMean } from "../config/suggest.ts"
import type { Clock } from "../core/clock.ts"
import { systemClock } from "../core/clock.ts"
import { type Arguments, ensureNoPositionals, type FlagSpec } from "./arguments.ts"
import { CliError, EXIT } from "./exit.ts"

export const WHOAMI_FLAGS = {
  cookie: { type: "string" },
  site: { type: "string" },
  json: { type: "boolean" },
} as const satisfies FlagSpec

interface SomebodyLine {
  readonly user_id: string
  readonly name?: string
  readonly avatar?: string
  readonly session?: string
  readonly way: Way
  /** Name of the site that knows the user; only where there are `[[sites]]`. */
  readonly site?: string
}

interface NobodyLine {
  readonly user_id: null
  readonly reason: string
  readonly why: string
}

/** One line of the answer. With `user_id` null nobody is signed in, and `why` says why. */
type WhoamiLine = SomebodyLine | NobodyLine

type Way = "sessions" | "callback"

/** Headers asked about at a time: a file of thousands should not wait for each answer. */
const AT_ONCE = 32

export interface WhoamiParts {
  readonly settings: Settings
  readonly createSite: typeof createSite
  readonly clock: Clock
  /** Cookie headers, one a line, when none is given as a flag. */
  readonly input: () => AsyncIterable<string>
  readonly print: (line: string) => void
}

/**
 * Shows who a cookie is under the configuration in force, and if nobody, why. With many headers the answers come in
 * their order. With several sites the first that knows the cookie answers, the main one before the others.
 *
 * @returns whether all could be asked
 * @throws CliError `usage`, `config`
 */
export async function whoami(
  args: Arguments,
  { settings, createSite: create, clock, input, print }: WhoamiParts,
): Promise<boolean> {
  ensureNoPositionals(args, "whoami")
  const asked = askedSites(settings, args.flags.get("site")?.[0])
  const show = args.flags.has("json") ? (line: WhoamiLine) => JSON.stringify(line) : sentence
  const [cookie] = args.flags.get("cookie") ?? []
  const given = cookie === undefined ? batches(input()) : [[cookie]]
  const opened: OpenedSite[] = []
  let couldAll = true
  try {
    for (const site of asked) opened.push(await open(site, create, clock))
    for await (const headers of given) {
      const lines = await Promise.all(headers.map((header) => lineOf(opened, header, settings.sites.length > 0)))
      for (const line of lines) print(show(line))
      couldAll &&= !lines.some((line) => line.user_id === null && line.reason === "unavailable")
    }
  } finally {
    for (const { site } of opened) await site.stop()
  }
  return couldAll
}

/** @throws CliError `usage` for a site nobody has, `config` when no site could know anybody */
function askedSites(settings: Settings, name: string | undefined): NamedSite[] {
  const sites = namedSites(settings).filter((site) => !knowsNobody(site))
  if (sites.length === 0)
    throw new CliError(
      EXIT.config,
      "skein whoami needs sessions.framework, callback.url or [[sites]]: nothing says who a cookie is",
    )
  if (name === undefined) return sites
  const names = sites.map((site) => site.name)
  if (!names.includes(name))
    throw new CliError(
      EXIT.usage,
      `--site must be one of ${names.join(", ")}, got ${JSON.stringify(name)}${didYouMean(name, names)}`,
    )
  return sites.filter((site) => site.name === name)
}

interface OpenedSite {
  readonly name: string
  readonly site: Site
}

async function open(settings: NamedSite, create: typeof createSite, clock: Clock): Promise<OpenedSite> {
  try {
    const log = { info: () => undefined, warn: () => undefined }
    const site = await create(settings, { clock, log, openSessions: () => new Set(), end: () => undefined })
    return { name: settings.name, site }
  } catch (error) {
    const where = settings.name === MAIN_SITE ? "" : `the site "${settings.name}": `
    throw new CliError(EXIT.config, `${where}${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The real time, but with timers that keep the process alive: the command is not over while it waits for one. */
export const waitingClock: Clock = {
  ...systemClock,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

async function lineOf(sites: readonly OpenedSite[], header: string, naming: boolean): Promise<WhoamiLine> {
  const cookies = header.replace(/^\s*cookie\s*:\s*/i, "").trim()
  const nobodies: (NobodyLine & { readonly site: string })[] = []
  for (const { name, site } of sites) {
    const line = await ask(site, cookies)
    if (line.user_id !== null) return naming ? { ...line, site: name } : line
    nobodies.push({ ...line, site: name })
  }
  return nobodyAnywhere(nobodies)
}

/** Of several reasons the one that tells most: a site that cannot be asked, else the first beyond a missing cookie. */
function nobodyAnywhere(lines: readonly (NobodyLine & { readonly site: string })[]): NobodyLine {
  const reasons = lines.map(({ reason }) => reason)
  const telling = reasons.find((reason) => reason !== "no_cookie") ?? "no_cookie"
  const [only, ...more] = lines
  return {
    user_id: null,
    reason: reasons.includes("unavailable") ? "unavailable" : telling,
    why: only && more.length === 0 ? only.why : lines.map(({ site, why }) => `${site}: ${why}`).join("; "),
  }
}

async function ask(site: Site, cookies: string): Promise<WhoamiLine> {
  try {
    const stored = await site.sessions?.sessions.whoIs(cookies)
    if (stored?.kind === "known") return known(stored, "sessions")
    const answered = await site.callback?.whoIs(cookies)
    if (answered?.kind === "known") return known(answered, "callback")
    return nobody(stored, answered)
  } catch (error) {
    return { user_id: null, reason: "unavailable", why: reasonOf(error) }
  }
}

function known({ person, sessionId }: KnownPerson | (Answer & { kind: "known" }), way: Way): SomebodyLine {
  const { userId, name, avatar } = person
  return {
    user_id: userId,
    ...(name === undefined ? {} : { name }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(sessionId === undefined ? {} : { session: sessionId }),
    way,
  }
}

function nobody(stored: Nobody | undefined, answered: (Answer & { kind: "nobody" }) | undefined): NobodyLine {
  const reason = stored?.reason ?? "not_logged_in"
  return { user_id: null, reason, why: [stored?.why, answered?.why].filter((why) => why !== undefined).join("; ") }
}

function sentence(line: WhoamiLine): string {
  if (line.user_id === null) return `nobody: ${line.why}`
  const who = line.name === undefined ? `user ${line.user_id}` : `user ${line.user_id} (${line.name})`
  return line.site === undefined ? who : `${who} of the site ${line.site}`
}

async function* batches(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = []
  for await (const line of lines) {
    batch.push(line)
    if (batch.length < AT_ONCE) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** @throws CliError `usage` when stdin is a terminal: the person at it has not been asked to type anything */
export function linesOfInput(): AsyncIterable<string> {
  if (process.stdin.isTTY)
    throw new CliError(
      EXIT.usage,
      "skein whoami needs --cookie 'PHPSESSID=…', or Cookie headers, one per line, on standard input",
    )
  return linesFrom(process.stdin)
}

/** Begins to read when the first line is asked for: what `readline` reads before that would be lost. */
async function* linesFrom(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
}
