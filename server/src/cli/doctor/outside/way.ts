import { type Finding, isProblem } from "../finding.ts"
import { checkCertificate } from "./certificate.ts"
import { checkHealth } from "./health.ts"
import { checkName } from "./reach.ts"
import { checkRoundTrip, type RoundTripOptions } from "./round-trip.ts"
import { checkStream } from "./stream.ts"
import type { Target } from "./target.ts"
import { checkForeignPages, checkOrigin, checkUpgrade } from "./upgrade.ts"

export interface WayOptions extends Omit<RoundTripOptions, "origin"> {
  /** Of the site whose pages connect; undefined: the server's own. */
  readonly origin: string | undefined
  readonly found: (finding: Finding) => void
}

/**
 * The way from here to a server, as a browser goes it: name, port, certificate, proxy, upgrade, origin, protocol, silence.
 * Stops where going on would only find the same again.
 *
 * @param targets - what the address can mean (target.ts)
 */
export async function lookFromOutside(targets: readonly [Target, ...Target[]], options: WayOptions): Promise<void> {
  const [{ socket }] = targets
  const tell = (findings: readonly Finding[]) => {
    for (const finding of findings) options.found(finding)
    return findings.every(({ severity }) => severity !== "problem")
  }
  if (!tell(await checkName(socket))) return
  if (socket.protocol === "https:") tell(await checkCertificate(socket, Date.now()))
  const target = await chooseTarget(targets, tell)
  if (!target) return
  const upgrade = await checkUpgrade(target.socket)
  tell(upgrade.findings)
  if (!upgrade.opened) return
  const own = target.socket.origin
  const origin = options.origin ?? own
  const pages = await checkOrigin(target.socket, origin, origin === own)
  const mayKnock = !pages.some(isProblem)
  // Pusher's apps have origins of their own, each with its key, and look at them when the WebSocket is open.
  const isApp = target.language === "pusher"
  if (!isApp || !mayKnock) tell(pages)
  if (!mayKnock) return
  if (!isApp) tell(await checkForeignPages(target.socket))
  const trip = await checkRoundTrip(target, { ...options, origin })
  if (isApp && trip.every(({ about }) => about !== "pusher.app")) tell(pages)
  tell(trip)
  // A stream that is refused ends at once, and so proves nothing.
  const isLetIn = trip.every(
    ({ about, severity }) => about !== "identity" && (severity !== "problem" || about === "idle"),
  )
  if (isLetIn && target.language === "centrifuge" && target.base)
    tell(await checkStream(target.base, origin, options.token))
}

/** The first reading of the address below which Skein answers; else the last, a single WebSocket. Undefined: nobody is there. */
async function chooseTarget(
  targets: readonly [Target, ...Target[]],
  tell: (findings: readonly Finding[]) => boolean,
): Promise<Target | undefined> {
  const [first, ...others] = targets
  if (!first.base) return first
  const health = await checkHealth(first.base)
  const other = others.at(-1)
  if (health.isSkein || !health.answered || !other) {
    tell(health.findings)
    return health.answered ? first : undefined
  }
  return other
}
