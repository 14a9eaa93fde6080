import pino from "pino"
import pretty from "pino-pretty"

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent"

/** How much is logged, and in which form. */
export interface LogOptions {
  readonly level: LogLevel
  /** `auto`: pretty on a terminal, JSON lines otherwise. */
  readonly format: "auto" | "json" | "pretty"
}

/** The program's log. Parts of the program see only `Logger` of it (core/logger.ts). */
export type Log = pino.Logger

/**
 * The program's log: one JSON object per line on stderr, or lines for human eyes.
 *
 * Pretty printing runs as a plain stream in this thread: pino's own transports would start a Worker, which the
 * server must not have (docs/decisions/0001-runtime-bun-and-launcher.md).
 */
export function createLog(options: LogOptions): Log {
  const isTerminal = process.stderr.isTTY === true
  const isPretty = options.format === "pretty" || (options.format === "auto" && isTerminal)
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  if (!isPretty) return pino(settings, pino.destination({ dest: 2, sync: true }))
  return pino(
    settings,
    pretty({ destination: 2, sync: true, colorize: isTerminal, singleLine: true, ignore: "pid,hostname" }),
  )
}
