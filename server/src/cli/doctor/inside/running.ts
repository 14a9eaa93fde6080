import type { Settings } from "../../../config/schema.ts"
import { type Finding, ok, problem } from "../finding.ts"
import { quote } from "../outside/answer.ts"
import { exchange } from "../outside/exchange.ts"

/** On this machine an answer takes milliseconds. */
const DEADLINE_MS = 3_000

/** Whether the server that holds the data folder answers where the configuration says it listens. */
export async function checkRunning({ server }: Settings): Promise<Finding[]> {
  if (server.port === 0) return []
  const url = new URL(`http://${reachable(server.host)}:${server.port}/ready`)
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
      cause: "it was started with another address or port, or it is still starting",
      fix: "give the doctor the same configuration: --config, --host, --port",
    }),
  ]
}

/** All addresses of this machine: loopback is one of them. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1"
  if (host === "::") return "[::1]"
  return host.includes(":") ? `[${host}]` : host
}
