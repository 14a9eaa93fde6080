import type { LoadedConfig } from "../../../config/load.ts"
import { CliError, EXIT } from "../../exit.ts"
import { ConfigRefused } from "../../read-config.ts"
import { type Finding, note, ok, problem, warning } from "../finding.ts"

/** nginx, HAProxy's examples and most load balancers cut a connection that is silent for this long. */
const USUAL_PROXY_TIMEOUT_MS = 60_000

/** What the configuration says, or why it is refused; undefined: refused. */
export function checkConfiguration(read: () => LoadedConfig): {
  findings: Finding[]
  loaded: LoadedConfig | undefined
} {
  try {
    const loaded = read()
    return { findings: [summary(loaded), ...opinions(loaded)], loaded }
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.config) throw error
    const problems = error instanceof ConfigRefused ? error.problems : [error.message]
    return { findings: problems.map(refused), loaded: undefined }
  }
}

const refused = (line: string): Finding =>
  problem("config", line, {
    cause: "the server does not start with it",
    fix: "correct it where the line says it comes from; docs/configuration.md has every setting",
  })

const summary = ({ mode, modeReason, sources }: LoadedConfig): Finding =>
  ok("config", `${mode} mode, because ${modeReason}; ${sources.size} settings given`)

/** Configurations that are accepted and still hurt. */
function opinions({ settings, mode }: LoadedConfig): Finding[] {
  const { server, auth, limits } = settings
  const findings: Finding[] = []
  const everyone = server.trustedProxies.filter((proxy) => proxy.endsWith("/0"))
  if (everyone.length > 0)
    findings.push(
      problem("config.proxies", `server.trusted_proxies holds ${everyone.join(" and ")}: everybody is believed`, {
        cause: "any client can write any address into X-Forwarded-For and get around the limits per address",
        fix: "name the addresses of your proxies only",
      }),
    )
  if (auth.trustUserId === "anywhere")
    findings.push(
      warning("config.identity", 'auth.trust_user_id is "anywhere": anybody can be anybody', {
        cause: "clients can be anybody: the user_id in their address is believed",
        fix: 'take it out, and hand out tokens (skein token) or let the site say who somebody is ("sessions", "callback")',
      }),
    )
  if (limits.pingIntervalMs >= USUAL_PROXY_TIMEOUT_MS)
    findings.push(
      warning("config.ping", "limits.ping_interval is longer than most proxies hold a silent connection (60 s)", {
        cause: "connections of people who only read are cut between two pings and come back",
        fix: "25s, the default, is short enough for nearly all",
      }),
    )
  if (mode === "production" && server.trustedProxies.length === 0)
    findings.push(
      note(
        "config.proxies",
        "no proxy is trusted (server.trusted_proxies)",
        "right when clients connect directly; behind a proxy all clients would have its address",
      ),
    )
  return findings
}
