import { createInterface } from "node:readline"
import type { createSite, Site } from "../app/site.ts"
import type { Answer } from "../auth/callback/answers.ts"
import type { KnownPerson, Nobody } from "../auth/php/sessions.ts"
import { reasonOf } from "../auth/php/stores/outage.ts"
import type { Settings } from "../config/schema.ts"
import type { Clock } from "../core/clock.ts"
import { systemClock } from "../gateway/clock.ts"
import { type Arguments, ensureNoPositionals, type FlagSpec } from "./arguments.ts"
import { CliError, EXIT } from "./exit.ts"

export const WHOAMI_FLAGS = { cookie: { type: "string" }, json: { type: "boolean" } } as const satisfies FlagSpec

/** One line of the answer. `user_id` null: nobody, and `why` says why. */
type WhoamiLine =
  | {
      readonly user_id: string
      readonly name?: string
      readonly avatar?: string
      readonly session?: string
      readonly way: Way
    }
  | { readonly user_id: null; readonly reason: string; readonly why: string }

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
 * their order.
 *
 * @returns whether all could be asked
 * @throws CliError `usage`, `config`
 */
export async function whoami(
  args: Arguments,
  { settings, createSite: create, clock, input, print }: WhoamiParts,
): Promise<boolean> {
  ensureNoPositionals(args, "whoami")
  if (settings.sessions.framework === "none" && settings.callback.url === undefined)
    throw new CliError(
      EXIT.config,
      "skein whoami needs sessions.framework or callback.url: nothing says who a cookie is",
    )
  const site = await open(settings, create, clock)
  const show = args.flags.has("json") ? (line: WhoamiLine) => JSON.stringify(line) : sentence
  const [cookie] = args.flags.get("cookie") ?? []
  let couldAll = true
  try {
    for await (const headers of cookie === undefined ? batches(input()) : [[cookie]]) {
      const lines = await Promise.all(headers.map((header) => lineOf(site, header)))
      for (const line of lines) print(show(line))
      couldAll &&= !lines.some((line) => line.user_id === null && line.reason === "unavailable")
    }
  } finally {
    await site.stop()
  }
  return couldAll
}

async function open(settings: Settings, create: typeof createSite, clock: Clock): Promise<Site> {
  try {
    const log = { info: () => undefined, warn: () => undefined }
    return await create(settings, { clock, log, openSessions: () => new Set(), end: () => undefined })
  } catch (error) {
    throw new CliError(EXIT.config, error instanceof Error ? error.message : String(error))
  }
}

/** A command is not over while it waits for something to happen later. */
export const waitingClock: Clock = {
  ...systemClock,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

async function lineOf(site: Site, header: string): Promise<WhoamiLine> {
  const cookies = header.replace(/^\s*cookie\s*:\s*/i, "").trim()
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

function known({ person, sessionId }: KnownPerson | (Answer & { kind: "known" }), way: Way): WhoamiLine {
  const { userId, name, avatar } = person
  return {
    user_id: userId,
    ...(name === undefined ? {} : { name }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(sessionId === undefined ? {} : { session: sessionId }),
    way,
  }
}

function nobody(stored: Nobody | undefined, answered: (Answer & { kind: "nobody" }) | undefined): WhoamiLine {
  const reason = stored?.reason ?? "not_logged_in"
  return { user_id: null, reason, why: [stored?.why, answered?.why].filter((why) => why !== undefined).join("; ") }
}

function sentence(line: WhoamiLine): string {
  if (line.user_id === null) return `nobody: ${line.why}`
  return line.name === undefined ? `user ${line.user_id}` : `user ${line.user_id} (${line.name})`
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

/** @throws CliError `usage` when a person sits there who was not told to type */
export function linesOfInput(): AsyncIterable<string> {
  if (process.stdin.isTTY)
    throw new CliError(
      EXIT.usage,
      "skein whoami needs --cookie 'PHPSESSID=…', or Cookie headers, one a line, on standard input",
    )
  return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
}
