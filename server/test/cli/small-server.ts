// The `serve` command around a server that does next to nothing, for tests of the command itself.
import { CONFIG_FLAGS, readArguments } from "../../src/cli/arguments.ts"
import { CliError } from "../../src/cli/exit.ts"
import { readConfig } from "../../src/cli/read-config.ts"
import { serve } from "../../src/cli/serve.ts"
import { StaticFiles } from "../../src/gateway/static.ts"

try {
  const loaded = readConfig(readArguments(process.argv.slice(2), CONFIG_FLAGS), process.env)
  await serve(loaded, async (config) => {
    if (process.env.PAGES) await StaticFiles.load({ root: process.env.PAGES, assetsBaseUrl: "" })
    const http = Bun.serve({
      hostname: config.server.host,
      port: config.server.port,
      fetch(request) {
        if (new URL(request.url).pathname === "/reject") void Promise.reject(new Error("nobody caught this"))
        return new Response(String(process.pid))
      },
    })
    const stop = async () => {
      process.stdout.write("draining\n")
      if (process.env.NEVER_ENDING_DRAIN) await new Promise(() => undefined)
      await http.stop(true)
    }
    return { url: `http://${http.hostname}:${http.port}`, stop }
  })
} catch (error) {
  if (!(error instanceof CliError)) throw error
  process.stderr.write(`skein: ${error.message}\n`)
  process.exit(error.exitCode)
}
