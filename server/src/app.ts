import { join } from "node:path"
import { createChatOf, createStore } from "./app/chat.ts"
import { createHttp } from "./app/http.ts"
import { createIdentities } from "./app/identity.ts"
import { createNode, type Node } from "./app/node.ts"
import { addProtocols, createEncoders } from "./app/protocols.ts"
import { beginPusher, createPusherOf } from "./app/pusher.ts"
import { pusherFigures, pusherStatus } from "./app/pusher-status.ts"
import { siteConnections } from "./app/site.ts"
import { createSites } from "./app/sites.ts"
import { createWebhooks } from "./app/webhooks.ts"
import { firstOf } from "./auth/identify.ts"
import type { Chat } from "./chat/chat.ts"
import { loginState } from "./chat/session/endings.ts"
import type { Config } from "./config/config.ts"
import { type Clock, systemClock } from "./core/clock.ts"
import type { HandshakeIdentity } from "./core/tokens.ts"
import { StaticFiles } from "./gateway/static.ts"
import type { Log } from "./telemetry/log.ts"
import { Readiness } from "./telemetry/readiness.ts"

/** Where the web client is built to. */
const PUBLIC_FOLDER = join(import.meta.dirname, "..", "public")

/** The running program. */
export interface App {
  readonly url: string
  /** Drains and stops; nothing accepted is lost. */
  stop(): Promise<void>
}

/**
 * Puts the program together from its configuration and starts it. What is started is stopped in reverse order,
 * also when a later part fails to start.
 *
 * @throws the listen error of the system (EADDRINUSE, EACCES …); Error for keys or networks that cannot be used
 */
export async function startApp(config: Config, log: Log): Promise<App> {
  const stops = new Stops()
  try {
    const url = await compose(config, log, stops)
    return { url, stop: () => stops.run() }
  } catch (error) {
    await stops.run()
    throw error
  }
}

/** What every part is made with. */
interface Basics {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
}

/** The program's parts, made but not yet started. */
type Parts = Basics & Awaited<ReturnType<typeof createParts>>

async function compose(config: Config, log: Log, stops: Stops): Promise<string> {
  const basics: Basics = { config, clock: systemClock, log }
  const parts: Parts = { ...basics, ...(await createParts(basics, stops)) }
  const readiness = await startParts(parts, stops)
  return await serve(parts, readiness, stops)
}

/** Makes the parts and adds the protocols to the gateway. Of these only the store and the sites need stopping. */
async function createParts({ config, clock, log }: Basics, stops: Stops) {
  const pusherBeginnings = beginPusher(config)
  const encoders = createEncoders(pusherBeginnings.encoders)
  const node = createNode({ config, encoders: encoders.all, protocolRules: pusherBeginnings.rules, clock, log })
  const { sites, identities, chat, identify } = await createLogins({ config, clock, log }, node, stops)
  const centrifuge = addProtocols({
    config,
    node,
    encoders,
    identities,
    identify,
    loggedOut: sites.forget,
    chat,
    clock,
    log,
  })
  const { apps } = pusherBeginnings
  const webhooks = config.pusher.enabled ? createWebhooks({ config, node, apps, clock, log }) : undefined
  const pusher = config.pusher.enabled
    ? createPusherOf(pusherBeginnings, { config, node, sites, backEnd: webhooks?.backEnd, clock, log })
    : undefined
  if (pusher) node.gateway.addProtocol(pusher.protocol)
  return { node, identities, sites, chat, centrifuge, apps, webhooks, pusher }
}

/** What tells who somebody is: tokens and keys, the sites and their logins, and the chat's own logins. */
async function createLogins({ config, clock, log }: Basics, node: Node, stops: Stops) {
  const store = config.chat.enabled ? createStore(config, clock, log) : undefined
  if (store) stops.add(() => store.stop())
  const identities = await createIdentities(config, clock, log, async (login) =>
    store ? loginState(store, login, (mark) => site.watches(mark)) : "live",
  )
  const sites = await createSites(config, {
    clock,
    log: log.child({ part: "site" }),
    ...siteConnections(node.channels.hub, store, clock, log),
  })
  stops.add(() => sites.stop())
  const site = sites.main
  const chat = store && createChatOf({ config, node, store, tokens: identities.tokens, site, clock, log })
  // The site first: whoever signed in there is no longer the guest that the chat's own cookie still names.
  const byCookie = firstOf([welcomed(site.identity, chat), ({ headers }) => chat?.identifyByCookie(headers)])
  return { sites, identities, chat, identify: identities.handshakes(byCookie.identify) }
}

/** Starts everything behind the port, the log first: the others publish to it. */
async function startParts({ node, chat, webhooks, pusher, sites, clock, log }: Parts, stops: Stops) {
  const { broker, channels } = node
  stops.add(() => broker.stop())
  await broker.start({ deliver: channels.deliver, invalidate: channels.invalidate })
  if (chat) {
    stops.add(() => chat.stop())
    await chat.start()
  }
  if (webhooks) stops.add(webhooks.start())
  if (pusher) stops.add(pusher.start())
  sites.start()
  const readiness = new Readiness(() => broker.probe(), clock, log)
  stops.add(await readiness.start())
  stops.add(clock.every(1_000, () => channels.tick(clock.nowMs())))
  return readiness
}

/** Opens the port. @returns the program's address */
async function serve(parts: Parts, readiness: Readiness, stops: Stops): Promise<string> {
  const { config, clock, node, apps, webhooks, pusher } = parts
  const { gateway } = node
  const pages = await StaticFiles.load({ root: PUBLIC_FOLDER, assetsBaseUrl: config.assets.baseUrl })
  gateway.handleHttp(
    createHttp({
      node,
      identities: parts.identities,
      readiness,
      centrifuge: parts.centrifuge,
      pusher,
      pusherFigures: () => pusherFigures(apps, pusher?.refusals() ?? [], webhooks?.webhooks.stats),
      pusherStatus: () => pusher && pusherStatus(pusher.refusals(), webhooks?.webhooks.stats, clock.nowMs()),
      chat: parts.chat,
      pages,
    }),
  )
  const { host, port } = gateway.start()
  stops.add(() => gateway.stop())
  stops.add(() => gateway.drain(config.drain.windowMs))
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
}

/** The site's identity of a handshake. A guest of the chat in the same browser is merged into that user. */
function welcomed(site: HandshakeIdentity, chat: Chat | undefined): HandshakeIdentity["identify"] {
  return async (handshake) => {
    const identity = await site.identify(handshake)
    if (identity) await chat?.welcome(identity, handshake.headers)
    return identity
  }
}

/** What has been started, to be stopped in reverse order. */
class Stops {
  readonly #stops: (() => unknown)[] = []

  add(stop: () => unknown): void {
    this.#stops.push(stop)
  }

  async run(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop()
  }
}
