import pino from "pino"
import pretty from "pino-pretty"
import { type Clock, systemClock } from "../core/clock.ts"
import { LogFlood } from "./log-flood.ts"

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent"

/** How much is logged, and in which form. */
export interface LogOptions {
  readonly level: LogLevel
  /** `auto`: pretty on a terminal, JSON lines otherwise. */
  readonly format: "auto" | "json" | "pretty"
}

/** The program's log. Parts of the program see only `Logger` of it (core/logger.ts). */
export type Log = pino.Logger

/** Characters of one field, enough for the stack of an error. Some fields are as long as what a client has sent. */
const MAX_FIELD = 4_000

/**
 * The program's log: one JSON object per line on stderr, or lines for human eyes.
 *
 * Pretty printing runs as a plain stream in this thread: pino's own transports would start a Worker, which the
 * server must not have (docs/decisions/0001-runtime-bun-and-launcher.md).
 */
export function createLog(options: LogOptions, clock: Clock = systemClock, destination?: pino.DestinationStream): Log {
  const isTerminal = process.stderr.isTTY === true
  const isPretty = options.format === "pretty" || (options.format === "auto" && isTerminal)
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { logMethod: withinBounds(new LogFlood(clock)) },
    serializers: { err: clippedError },
  }
  if (!isPretty) return pino(settings, destination ?? pino.destination({ dest: 2, sync: true }))
  return pino(
    settings,
    pretty({ destination: 2, sync: true, colorize: isTerminal, singleLine: true, ignore: "pid,hostname" }),
  )
}

type LogMethod = NonNullable<NonNullable<pino.LoggerOptions["hooks"]>["logMethod"]>

/** Every line of every part passes here: too many of one kind are counted instead, and none is longer than it must be. */
function withinBounds(flood: LogFlood): LogMethod {
  return function (this: pino.Logger, line, method) {
    const [first, second] = line as [unknown, unknown]
    // An error alone says by itself what it is about.
    const [fields, text] = first instanceof Error ? [{ err: first }, second ?? first.message] : [first, second]
    const message = String(typeof fields === "string" ? fields : (text ?? ""))
    const isWritten = flood.lets(message, (kind, leftOut) =>
      method.call(this, { kind, leftOut }, "lines left out of the log: too many of one kind"),
    )
    if (!isWritten) return
    if (typeof fields === "string") method.call(this, clipped(fields))
    else if (text === undefined) method.call(this, clippedFields(fields))
    else method.call(this, clippedFields(fields), clipped(message))
  }
}

function clippedFields(fields: unknown): object {
  if (typeof fields !== "object" || fields === null) return fields as object
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? clipped(value) : value]),
  )
}

/** What an error says may be what a client has sent, twice: its stack begins with its message. */
const clippedError = (error: unknown): unknown =>
  error instanceof Error ? clippedFields(pino.stdSerializers.err(error)) : error

const clipped = (text: string): string => (text.length > MAX_FIELD ? `${text.slice(0, MAX_FIELD)}…` : text)
