import type { EndpointStatus, PusherStatus, RefusalStatus } from "../../../app/pusher-status.ts"
import type { Secrets } from "../../../config/config.ts"
import type { Settings } from "../../../config/schema.ts"
import { readSecrets } from "../../secrets.ts"
import { type Finding, note, ok, warning } from "../finding.ts"
import { exchange } from "../outside/exchange.ts"

const DEADLINE_MS = 3_000
/** What was refused longer ago has been seen to, or nobody misses it. */
const RECENT_SECONDS = 3_600

/** The Pusher apps as they are configured. */
export function checkApps({ pusher, pusherApps }: Settings): Finding[] {
  if (!pusher.enabled) return []
  if (!pusherApps && pusher.appKey === undefined && pusher.appSecret === undefined)
    return [note("pusher", "no Pusher app is configured: the one of the first start is in secrets.json")]
  if (!pusherApps) return [ok("pusher", `Pusher app: ${pusher.appId}`)]
  if (pusherApps.length === 0)
    return [note("pusher", "the list of Pusher apps is empty: pusher-js and Laravel Echo cannot connect")]
  const apps = ok("pusher", `Pusher apps: ${pusherApps.map(({ id }) => id).join(", ")}`)
  if (pusherApps.length === 1 || pusherApps.some(({ sharesChannels }) => sharesChannels)) return [apps]
  return [
    apps,
    note(
      "pusher.shared",
      "none of them shares its channels: what they publish reaches clients of their own only, not of the other protocols",
      "when that is not intended: shares_channels = true for one of them, in [[pusher_apps]]",
    ),
  ]
}

/** Where a client of an app that lets strangers stay connects, below the server's paths. */
export function openAppPath({ pusher, pusherApps }: Settings, folder: string): string | undefined {
  if (!pusher.enabled) return undefined
  const open = pusherApps?.find(({ enabled, authorizeWithinMs }) => enabled && authorizeWithinMs === 0)
  const key = pusherApps ? open?.key : (pusher.appKey ?? secretsIn(folder)?.pusherKey)
  return key === undefined ? undefined : `${pusher.pathPrefix}/app/${encodeURIComponent(key)}`.slice(1)
}

/**
 * What the running server has lately refused to Pusher clients and their back ends, and how its webhooks fare.
 *
 * @param server - its address
 * @param folder - its data folder
 */
export async function checkPusher(settings: Settings, server: URL, folder: string): Promise<Finding[]> {
  if (!settings.pusher.enabled) return []
  const status = await askStatus(
    new URL("/metrics/pusher", server),
    settings.auth.apiKeys[0] ?? secretsIn(folder)?.apiKey,
  )
  if (!status) return [note("pusher.status", `${server.host} does not tell how its Pusher apps fare`)]
  const refusals = status.refusals.filter(({ seconds_ago }) => seconds_ago <= RECENT_SECONDS).map(refusalFinding)
  const nothing = ok("pusher.refusals", "no Pusher client or back end was refused anything within the hour")
  return [...(refusals.length > 0 ? refusals : [nothing]), ...webhookFindings(status)]
}

async function askStatus(url: URL, apiKey: string | undefined): Promise<PusherStatus | undefined> {
  const headers = { Connection: "close", ...(apiKey === undefined ? {} : { "X-API-Key": apiKey }) }
  const outcome = await exchange(url, headers, DEADLINE_MS)
  if (outcome.kind !== "answer" || outcome.status !== 200) return undefined
  try {
    return JSON.parse(outcome.body) as PusherStatus
  } catch {
    return undefined // Another program has the port, or an older Skein.
  }
}

function secretsIn(folder: string): Secrets | undefined {
  try {
    return readSecrets(folder)
  } catch {
    return undefined // Damaged secrets are a finding of their own; the server still tells this machine.
  }
}

/** Harmless, or the site's own decision: worth knowing, no more. */
const HARMLESS: ReadonlySet<RefusalStatus["wrong"]> = new Set(["socket_id", "permission", "limit", "request"])

function refusalFinding({ app, what, wrong, count, seconds_ago: secondsAgo, why }: RefusalStatus): Finding {
  const whose = app === undefined ? "no app of this server" : `app ${app}`
  const times = count === 1 ? `a ${what} was refused` : `${count} ${what}s were refused since the start, the last`
  const says = `${whose}: ${times} ${age(secondsAgo)} ago: ${why}`
  const about = `pusher.refused.${wrong}`
  const { cause, fix } = REMEDIES[wrong]
  return HARMLESS.has(wrong) ? note(about, says, `${cause}; ${fix}`) : warning(about, says, { cause, fix })
}

const REMEDIES: Readonly<Record<RefusalStatus["wrong"], { readonly cause: string; readonly fix: string }>> = {
  app: {
    cause: "the back end names an app id that is not configured here",
    fix: "PUSHER_APP_ID (REVERB_APP_ID) must be an id of [[pusher_apps]]; without these it is pusher.app_id, skein by default",
  },
  key: {
    cause: "a page or a back end uses a key that is not configured here, or one of another app",
    fix: "compare PUSHER_APP_KEY (REVERB_APP_KEY), and what is built into the page, with key of [[pusher_apps]], pusher.app_key or pusherKey in secrets.json",
  },
  secret: {
    cause: "the back end signs with another secret, or a proxy changes the path that was signed",
    fix: "compare PUSHER_APP_SECRET (REVERB_APP_SECRET) with secret of [[pusher_apps]], pusher.app_secret or pusherSecret in secrets.json (php artisan config:clear); for a prefix set pusher.path_prefix",
  },
  socket_id: {
    cause: "the client had reconnected while its back end was signing",
    fix: "nothing to do: clients ask again by themselves",
  },
  channel: {
    cause: "the back end signs another channel name than the client asked for",
    fix: "sign channel_name as it came, with its prefix private- or presence-",
  },
  channel_data: {
    cause: "the back end sends channel_data and does not sign it",
    fix: "sign SOCKET_ID:CHANNEL:CHANNEL_DATA, byte for byte what is sent",
  },
  clock: {
    cause: "the back end's clock and this one differ, or a request was sent again much later",
    fix: "on both machines: timedatectl set-ntp true (or chrony); pusher.clock_tolerance allows more",
  },
  body: {
    cause: "the body is not what was signed: a proxy or a middleware changes it, or the library does not send body_md5",
    fix: "let the proxy hand bodies on unchanged",
  },
  origin: {
    cause: "a page of a site that is not allowed connects",
    fix: "add the site to origins of the app, or to server.origins for /pusher/auth",
  },
  protocol: {
    cause: "a client or library of another version of the protocol",
    fix: "use pusher-js 2 or later, and a library that sends auth_version=1.0",
  },
  permission: {
    cause: "somebody asked for what this user, app or channel may not have",
    fix: "when it should be allowed, look at the app's settings and at the channel's rule in [[channels]]",
  },
  limit: {
    cause: "a limit of the app was exceeded",
    fix: "send less, or raise the limit that the text names",
  },
  request: {
    cause: "a client or back end sends what the protocol does not have",
    fix: "the text says what was expected",
  },
  server: {
    cause: "something failed inside this server, or at the site it asked",
    fix: "look into its log at that time",
  },
}

function webhookFindings({ webhooks }: PusherStatus): Finding[] {
  if (!webhooks) return []
  const findings = webhooks.endpoints.flatMap(endpointFindings)
  if (webhooks.lost > 0)
    findings.push(
      warning("webhooks.lost", `${webhooks.lost} webhook events were lost before they were on disk`, {
        cause: "the webhook process could not write webhooks.db for long",
        fix: "look into the log of the server, and at the free space of its data folder",
      }),
    )
  return findings
}

function endpointFindings(endpoint: EndpointStatus): Finding[] {
  const { app, url, waiting, delivered, dropped, failures_in_a_row: failures } = endpoint
  const place = `webhooks of app ${app} to ${url}`
  const findings: Finding[] = []
  if (failures > 0)
    findings.push(
      warning("webhooks.failing", `${place}: ${failuresText(endpoint)}; waiting: ${waiting}`, {
        cause: "the endpoint is down, slow (10 s), redirects, or does not answer 2xx",
        fix: "fix the endpoint or webhook_urls: what is waiting is then delivered in order, up to webhook_max_age",
      }),
    )
  else findings.push(ok("webhooks", `${place}: ${delivered} events delivered since the start, waiting: ${waiting}`))
  if (dropped > 0)
    findings.push(
      warning("webhooks.dropped", `${place}: ${dropped} events were given up since the start`, {
        cause: "the endpoint took none for webhook_max_age, or more than 100000 waited",
        fix: "let the site ask for the present state: GET /apps/{id}/channels and /channels/{name}/users",
      }),
    )
  return findings
}

function failuresText({ failures_in_a_row: failures, oldest_seconds: oldest, last_error: error }: EndpointStatus) {
  const times = failures === 1 ? "the last request failed" : `the last ${failures} requests failed`
  return `${times} (${error ?? "no reason known"}), the oldest event is ${age(oldest)} old`
}

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
