import { resolve } from "node:path"
import { type Config, closeSettings } from "../config/config.ts"
import { ConfigError, type LoadedConfig } from "../config/load.ts"
import { systemClock } from "../core/clock.ts"
import { PagesError } from "../gateway/static.ts"
import { createLog, type Log } from "../telemetry/log.ts"
import type { FlagSpec } from "./arguments.ts"
import { type DataFolder, openDataFolder } from "./data-folder.ts"
import { CliError, EXIT } from "./exit.ts"
import { watchLauncher } from "./launcher-watch.ts"
import { Lifecycle, type Stoppable } from "./lifecycle.ts"
import { ConfigRefused } from "./read-config.ts"

export interface RunningApp extends Stoppable {
  readonly url: string
}

export type StartApp = (config: Config, log: Log) => Promise<RunningApp>

/** Beyond the drain window: what stopping broker and store may take. */
const STOP_GRACE_MS = 15_000

export const SERVE_FLAGS = { standby: { type: "boolean" } } as const satisfies FlagSpec

/**
 * Runs the server until a signal ends it. Prints the ready line on stdout once it accepts work.
 *
 * @param options.standby - wait for the data folder as long as another server works in it, instead of refusing
 * @throws CliError when it cannot start
 */
export async function serve(
  loaded: LoadedConfig,
  startApp: StartApp,
  { standby = false }: { standby?: boolean } = {},
): Promise<void> {
  const log = createLog(loaded.settings.log)
  const lifecycle = new Lifecycle({
    log,
    stopDeadlineMs: loaded.settings.drain.windowMs + STOP_GRACE_MS,
    exit: (code) => process.exit(code),
    clock: systemClock,
  })
  listen(lifecycle)
  const folder = await openFolder(resolve(loaded.settings.data), standby, log)
  for (const warning of folder.warnings) log.warn(warning)
  const config = { ...closeSettings(loaded.settings, loaded.mode, folder.secrets), data: folder.path }
  const app = await start(config, log, startApp)
  lifecycle.serves({
    async stop() {
      await app.stop()
      folder.release()
    },
  })
  folder.announce(app.url)
  process.stdout.write(`Skein ready on ${app.url}\n`)
  explain(loaded, config, folder, log)
}

async function openFolder(path: string, standby: boolean, log: Log): Promise<DataFolder> {
  if (!standby) return openDataFolder(path)
  log.info({ folder: path }, "standing by: taking over as soon as no other server uses the data folder")
  const folder = await openDataFolder(path, Number.POSITIVE_INFINITY)
  log.info({ folder: path }, "the data folder is free: taking over")
  return folder
}

function listen(lifecycle: Lifecycle): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => lifecycle.signal(signal))
  process.on("uncaughtException", (error) => lifecycle.crashed(error, "uncaughtException"))
  process.on("unhandledRejection", (reason) => lifecycle.crashed(reason, "unhandledRejection"))
  const fd = Number(process.env.SKEIN_LAUNCHER_FD)
  if (Number.isInteger(fd) && fd > 2) watchLauncher(fd, () => lifecycle.orphaned())
}

async function start(config: Config, log: Log, startApp: StartApp): Promise<RunningApp> {
  try {
    return await startApp(config, log)
  } catch (error) {
    if (error instanceof PagesError) throw new CliError(EXIT.failure, error.message)
    const { host, port } = config.server
    const reason = ADDRESS_PROBLEMS[(error as NodeJS.ErrnoException | undefined)?.code ?? ""]
    if (reason) throw new CliError(EXIT.address, `cannot listen on ${host}:${port}: ${reason}`)
    // Found only when the keys are used: one of them is not a key.
    throw error instanceof ConfigError ? new ConfigRefused(error) : error
  }
}

const ADDRESS_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is taken; stop the other program or choose another with --port",
  EACCES: "this user may not use that port; choose one above 1023 with --port",
  EADDRNOTAVAIL: "this machine has no such address; check --host",
  ENOTFOUND: "the host name is unknown; check --host",
  // What Bun 1.4.4 says instead.
  EINVAL: "the host name is unknown; check --host",
}

/** Printed after the start: who may connect, how to change that, where the keys are. */
function explain(loaded: LoadedConfig, config: Config, folder: DataFolder, log: Log): void {
  const { mode, modeReason } = loaded
  if (folder.isNew) log.info(`first start: made ${folder.path}/secrets.json with the API key and the token secret`)
  const open = openings(config)
  if (open.length === 0)
    log.info({ mode }, `${mode} mode, because ${modeReason}: nobody gets in without a key or a token`)
  else
    log.warn(
      { mode },
      `${mode} mode, because ${modeReason}. Open: ${open.join("; ")}. ${mode === "development" ? 'To close it set mode = "production" (SKEIN_MODE=production)' : "See docs/configuration.md, section [auth]"}`,
    )
}

/** What is open without proof of identity, in words. */
function openings({ mode, auth, channels, plain }: Config): string[] {
  const place = (where: "loopback" | "anywhere") => (where === "loopback" ? "from this machine" : "from anywhere")
  const open: string[] = []
  if (auth.guests !== "off") open.push(`guests ${place(auth.guests)} may chat (auth.guests)`)
  if (auth.trustUserId !== "off")
    open.push(`clients ${place(auth.trustUserId)} may claim any user_id (auth.trust_user_id)`)
  if (auth.allowAnonymous && channels.some((rule) => rule.subscribe === "anyone"))
    open.push("anybody may subscribe to channels whose rule says so (auth.allow_anonymous)")
  if (mode === "development" && plain.enabled)
    open.push("programs of this machine may publish over a plain WebSocket without the API key")
  return open
}
