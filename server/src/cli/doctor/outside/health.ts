import { isLoopback } from "../../../gateway/address.ts"
import { type Finding, note, ok, problem, warning } from "../finding.ts"
import { explainStatus, inWordsOf, quote, serverOf } from "./answer.ts"
import { type Answer, bareHost, exchange } from "./exchange.ts"
import { explainSilence } from "./reach.ts"

/** Tokens and signatures of the Pusher API are judged by both clocks. */
const SKEW_WARNING_MS = 5_000
const SKEW_PROBLEM_MS = 30_000

export interface Health {
  readonly findings: readonly Finding[]
  /** Skein itself answered below this address. */
  readonly isSkein: boolean
  /** Going on makes sense: somebody speaks HTTP there, and is not waiting for a server. */
  readonly answered: boolean
}

/** `GET /health` and `/ready` below the address: is it Skein, whose clock, what do proxies tell it. */
export async function checkHealth(base: URL): Promise<Health> {
  const url = new URL("health?way", base)
  const outcome = await exchange(url, { Accept: "application/json", Connection: "close" })
  if (outcome.kind === "silence") return { findings: [explainSilence(url, outcome)], isSkein: false, answered: false }
  const health = readHealth(outcome)
  // With nobody behind the proxy, everything else would find the same.
  const answered = ![502, 503, 504].includes(outcome.status)
  if (!health) return { findings: [notSkein(url, outcome)], isSkein: false, answered }
  const findings = [
    ok("health", `Skein answers below ${url.pathname.slice(0, -"health".length)} in ${outcome.tookMs} ms`),
    ...(await checkReady(base)),
    ...clockFindings(outcome),
    ...wayFindings(base, outcome, health.way),
    ...(health.way?.forwarded === "none" ? await checkTakenForLocal(base, outcome) : []),
  ]
  return { findings, isSkein: true, answered: true }
}

interface Way {
  readonly forwarded: string
  readonly secure: boolean
}

function readHealth({ status, body }: Answer): { way?: Way } | undefined {
  if (status !== 200) return undefined
  try {
    const parsed = JSON.parse(body.trim()) as { status?: unknown; way?: Way } | null
    return parsed?.status === "ok" ? parsed : undefined
  } catch {
    return undefined // A page or anything else: not Skein.
  }
}

function notSkein(url: URL, answer: Answer): Finding {
  const general = explainStatus("health", url, answer)
  if (general) return general
  const { status, headers, body } = answer
  const isPage = /text\/html/.test(headers.get("content-type") ?? "")
  return problem("health", `${url.pathname} is not Skein's: ${status} ${isPage ? "and a page" : quote(body)}`, {
    cause:
      "another application answers at this path: the prefix is a different one, or the proxy passes it on unchanged",
    fix: inWordsOf(answer, {
      nginx:
        "in nginx the prefix is taken away by a slash at the end of both: location /skein/ { proxy_pass http://127.0.0.1:8080/; }",
      apache: 'in Apache by a slash at the end of both: ProxyPass "/skein/" "http://127.0.0.1:8080/" upgrade=websocket',
      other: "let the proxy hand the path on without its prefix, or give the address under which Skein's pages are",
    }),
  })
}

async function checkReady(base: URL): Promise<Finding[]> {
  const outcome = await exchange(new URL("ready", base), { Connection: "close" })
  if (outcome.kind === "answer" && outcome.status === 200) return []
  const said = outcome.kind === "answer" ? quote(outcome.body) : outcome.code
  return [
    problem("ready", `the server lives and does not deliver: ${said}`, {
      cause: "it is shutting down, or its disk or its broker does not take publications",
      fix: "look into its log, and at the free space of its data folder",
    }),
  ]
}

/** The header has whole seconds, and was written somewhere between question and answer. */
function clockFindings({ headers, atMs, tookMs }: Answer): Finding[] {
  const theirsMs = Date.parse(headers.get("date") ?? "")
  if (Number.isNaN(theirsMs)) return []
  const skewMs = theirsMs + 500 - (atMs - tookMs / 2)
  const amount = `${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? "ahead of" : "behind"}`
  const remedy = {
    cause: "one of the two machines does not set its clock by the network",
    fix: "on both: timedatectl set-ntp true (or chrony). Tokens are refused as expired or not valid yet, and signatures of the Pusher API as too old",
  }
  if (Math.abs(skewMs) > SKEW_PROBLEM_MS) return [problem("clock", `its clock is ${amount} this machine's`, remedy)]
  if (Math.abs(skewMs) > SKEW_WARNING_MS) return [warning("clock", `its clock is ${amount} this machine's`, remedy)]
  return [ok("clock", "both clocks agree")]
}

/** Skein itself speaks no TLS and does not name itself. */
const isProxied = (base: URL, answer: Answer): boolean => base.protocol === "https:" || serverOf(answer) !== ""

function wayFindings(base: URL, answer: Answer, way: Way | undefined): Finding[] {
  if (!way) return []
  if (way.forwarded === "none" && !isProxied(base, answer)) return [note("proxy", "no proxy shows itself on the way")]
  if (way.forwarded === "none")
    return [
      warning("proxy.address", "the proxy does not tell the server where clients come from", {
        cause: "X-Forwarded-For is not set: all clients have the proxy's address, in limits per address and in the log",
        fix: inWordsOf(answer, {
          nginx: "nginx: proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;",
          apache: "Apache sets it by itself with mod_proxy_http: is ProxyAddHeaders off?",
          other: "HAProxy: http-request set-header X-Forwarded-For %[src] (other proxies have an equivalent)",
        }),
      }),
    ]
  if (way.forwarded === "ignored")
    return [
      warning("proxy.trust", "the server does not believe the proxy where clients come from", {
        cause: "the proxy's address is not in server.trusted_proxies: all clients have the proxy's address",
        fix: 'in skein.toml: [server] trusted_proxies = ["127.0.0.1"], with the address the proxy comes from',
      }),
    ]
  if (base.protocol === "https:" && !way.secure)
    return [
      warning("proxy.scheme", "the server does not know that clients use https", {
        cause: "the proxy does not send X-Forwarded-Proto: login cookies are set without Secure",
        fix: "nginx: proxy_set_header X-Forwarded-Proto $scheme; HAProxy: http-request set-header X-Forwarded-Proto https",
      }),
    ]
  return [ok("proxy", "the proxy tells where clients come from, and is believed")]
}

/**
 * A proxy on the server's own machine that hands on neither the visitor's address nor the name that was asked for looks
 * like a program of that machine, and all that is open to those is open to the world. The metrics tell.
 */
async function checkTakenForLocal(base: URL, health: Answer): Promise<Finding[]> {
  if (!isProxied(base, health)) return []
  // Asked for as localhost it may rightly be taken for local: by another name it may not.
  const name = isLoopback(bareHost(base)) || base.hostname === "localhost" ? { Host: "skein-doctor.invalid" } : {}
  const outcome = await exchange(new URL("metrics", base), { Connection: "close", ...name })
  if (outcome.kind === "silence" || outcome.status !== 200 || !/^skein_/m.test(outcome.body)) return []
  return [
    problem("proxy.local", "the server takes everybody who comes through the proxy for somebody on its own machine", {
      cause:
        "the proxy says neither where clients come from nor which host they asked for: metrics are open to all, and in development mode publishing and any user_id too",
      fix: inWordsOf(health, {
        nginx:
          'nginx: proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; and mode = "production"',
        apache: 'Apache: ProxyPreserveHost On; and mode = "production"',
        other: 'let the proxy hand on Host and set X-Forwarded-For; and mode = "production"',
      }),
    }),
  ]
}
