import type { Settings } from "../../../config/schema.ts"
import { type Finding, ok, problem } from "../finding.ts"
import { quote } from "../outside/answer.ts"
import { exchange } from "../outside/exchange.ts"

/** On this machine an answer takes milliseconds. */
const DEADLINE_MS = 3_000

/**
 * Where the server that holds the data folder can be asked.
 *
 * @param noted - where it says it listens; undefined: where the configuration says
 */
export function addressOf({ server }: Settings, noted: string | undefined): URL | undefined {
  const url = URL.parse(noted ?? `http://${inUrl(server.host)}:${server.port}`)
  if (!url || (noted === undefined && server.port === 0)) return undefined
  url.hostname = reachable(url.hostname)
  return url
}

/** Whether the server at this address answers. */
export async function checkRunning(address: URL): Promise<Finding[]> {
  const url = new URL("/ready", address)
  const outcome = await exchange(url, { Connection: "close" }, DEADLINE_MS)
  if (outcome.kind === "answer" && outcome.status === 200) return [ok("server", `it is ready on ${url.host}`)]
  if (outcome.kind === "answer")
    return [
      problem("server", `${url.host} answers ${outcome.status}: ${quote(outcome.body)}`, {
        cause: "it is shutting down, its disk or broker does not take publications, or another program has the port",
        fix: "look into the server's log",
      }),
    ]
  return [
    problem("server", `a server works in the data folder and does not answer on ${url.host} (${outcome.code})`, {
      cause: "it is still starting, it hangs, or it listens at an address that this machine cannot reach",
      fix: "look into its log; end it if it hangs (kill -9 loses nothing that was acknowledged)",
    }),
  ]
}

const inUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host)

/** All addresses of this machine: loopback is one of them. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1"
  return hostname === "[::]" ? "[::1]" : hostname
}
