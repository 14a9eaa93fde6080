import packageJson from "../../package.json" with { type: "json" }
import { closeSettings } from "../config/config.ts"
import { renderReference } from "../config/reference.ts"
import { renderConfig } from "../config/render.ts"
import { didYouMean } from "../config/suggest.ts"
import { systemClock } from "../core/clock.ts"
import { type Arguments, CONFIG_FLAGS, ensureNoPositionals, readArguments } from "./arguments.ts"
import { DOCTOR_FLAGS } from "./doctor/flags.ts"
import { CliError, EXIT } from "./exit.ts"
import { HELP } from "./help.ts"
import { readConfig } from "./read-config.ts"
import { SERVE_FLAGS, serve } from "./serve.ts"
import { makeToken, TOKEN_FLAGS } from "./token.ts"
import { linesOfInput, WHOAMI_FLAGS, waitingClock, whoami } from "./whoami.ts"

type Command = (args: readonly string[]) => Promise<void>

const WHATS = ["print", "reference"]

const COMMANDS: Readonly<Record<string, Command>> = {
  async serve(rest) {
    const args = readArguments(rest, { ...CONFIG_FLAGS, ...SERVE_FLAGS })
    ensureNoPositionals(args, "serve")
    const loaded = readConfig(args, process.env)
    // Loaded only here: the other commands answer without the server's weight.
    const { startApp } = await import("../app.ts")
    await serve(loaded, startApp, { standby: args.flags.has("standby") })
  },

  async config(rest) {
    const args = readArguments(rest, CONFIG_FLAGS)
    const [what, ...more] = args.positionals
    if (more.length > 0)
      throw new CliError(EXIT.usage, `skein config ${what} takes nothing more, got ${more.join(" ")}`)
    if (what === "print") process.stdout.write(printConfig(args))
    else if (what === "reference") process.stdout.write(renderReference())
    else if (what === undefined) throw new CliError(EXIT.usage, "skein config needs one of: print, reference")
    else throw new CliError(EXIT.usage, `skein config takes print or reference, got ${what}${didYouMean(what, WHATS)}`)
  },

  async token(rest) {
    const args = readArguments(rest, { ...CONFIG_FLAGS, ...TOKEN_FLAGS })
    const { settings } = readConfig(args, process.env)
    process.stdout.write(`${await makeToken(args, settings, systemClock)}\n`)
  },

  async whoami(rest) {
    const args = readArguments(rest, { ...CONFIG_FLAGS, ...WHOAMI_FLAGS })
    const { settings } = readConfig(args, process.env)
    const { createSite } = await import("../app/site.ts")
    const print = (line: string) => void process.stdout.write(`${line}\n`)
    const couldAll = await whoami(args, { settings, createSite, clock: waitingClock, input: linesOfInput, print })
    if (!couldAll) process.exitCode = EXIT.failure
  },

  async doctor(rest) {
    const args = readArguments(rest, { ...CONFIG_FLAGS, ...DOCTOR_FLAGS })
    const { doctor } = await import("./doctor/doctor.ts")
    const isWell = await doctor(args, {
      readConfig: () => readConfig(args, process.env),
      print: (text) => process.stdout.write(`${text}\n`),
      progress: (text) => process.stderr.write(`${text}\n`),
    })
    if (!isWell) process.exitCode = EXIT.failure
  },

  async help() {
    process.stdout.write(HELP)
  },

  async version() {
    process.stdout.write(`skein ${packageJson.version} (Bun ${Bun.version})\n`)
  },
}

const ALIASES: Readonly<Record<string, string>> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
  "-v": "version",
}

/** Secrets of the data folder are not read for this: they would be masked. */
function printConfig(args: Arguments): string {
  const { settings, mode, modeReason, sources } = readConfig(args, process.env)
  const mask = "*".repeat(16)
  const masked = { tokenHmacSecret: "", apiKey: "", sessionSecret: "", pusherKey: mask, pusherSecret: mask }
  return `# ${mode} mode, because ${modeReason}\n${renderConfig(closeSettings(settings, mode, masked), sources)}`
}

async function run([name = "help", ...rest]: readonly string[]): Promise<void> {
  const command = COMMANDS[ALIASES[name] ?? name]
  if (!command)
    throw new CliError(EXIT.usage, `${name} is not a command${didYouMean(name, Object.keys(COMMANDS))}; see skein help`)
  const asksForHelp = rest.includes("--help") || rest.includes("-h")
  await (asksForHelp ? COMMANDS.help : command)?.(rest)
}

/** The reader of the output is gone (`skein doctor | head`): a command ends then. A server goes on. */
function outputClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error
  if (process.argv[2] !== "serve") process.exit(EXIT.failure)
}

process.stdout.on("error", outputClosed)
try {
  await run(process.argv.slice(2))
} catch (error) {
  const isOurs = error instanceof CliError
  process.stderr.write(`skein: ${isOurs ? error.message : Bun.inspect(error)}\n`)
  process.exit(isOurs ? error.exitCode : EXIT.failure)
}
