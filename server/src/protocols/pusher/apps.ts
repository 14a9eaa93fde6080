import { channelNameProblem, USER_CHANNEL_PREFIX } from "./channel-kinds.ts"
import type { AppKey, AppOptions } from "./options.ts"

/** An app at run time: its options, and where its channels live in core. */
export class App {
  readonly options: AppOptions
  /** In front of its channels' names in core. */
  readonly namespace: string
  /** Open connections on this node. */
  connections = 0

  constructor(options: AppOptions) {
    this.options = options
    this.namespace = options.sharesChannels ? "" : `app:${options.id}:`
  }

  get id(): string {
    return this.options.id
  }

  keyNamed(key: string): AppKey | undefined {
    return this.options.keys.find((candidate) => candidate.key === key)
  }

  /** The channel's name in core. */
  toCore(channel: string): string {
    return this.namespace + (channel.startsWith(USER_CHANNEL_PREFIX) ? toPrintable(channel) : channel)
  }

  /** The user's name in core: users of different apps are different people. */
  toCoreUser(userId: string): string {
    return this.namespace + userId
  }
}

/** All apps of the configuration. @throws Error when two claim the same thing */
export class Apps {
  readonly all: readonly App[]
  readonly #byId = new Map<string, App>()
  readonly #byKey = new Map<string, App>()
  readonly #sharing: App | undefined

  constructor(options: readonly AppOptions[]) {
    this.all = options.map((one) => new App(one))
    for (const app of this.all) this.#add(app)
    const sharing = this.all.filter((app) => app.namespace === "")
    if (sharing.length > 1)
      throw new Error(`only one app may share its channels with the other protocols, ${names(sharing)} all want to`)
    this.#sharing = sharing[0]
  }

  byId(id: string): App | undefined {
    return this.#byId.get(id)
  }

  byKey(key: string): App | undefined {
    return this.#byKey.get(key)
  }

  /** Whose channel a channel of core is, and how that app calls it. */
  ofChannel(coreChannel: string): { readonly app: App; readonly channel: string } | undefined {
    const app = this.#owner(coreChannel)
    if (!app) return undefined
    const channel = coreChannel.slice(app.namespace.length)
    return { app, channel: channel.startsWith(USER_CHANNEL_PREFIX) ? fromPrintable(channel) : channel }
  }

  /**
   * As `ofChannel`, but undefined for channels of other protocols whose names the app's clients could not use: its back
   * end is not shown them.
   */
  shown(coreChannel: string): { readonly app: App; readonly channel: string } | undefined {
    const owned = this.ofChannel(coreChannel)
    if (!owned) return undefined
    const { channelNames, limits } = owned.app.options
    return channelNameProblem(owned.channel, channelNames, limits.maxChannelLength) === undefined ? owned : undefined
  }

  #owner(coreChannel: string): App | undefined {
    if (!coreChannel.startsWith("app:")) return this.#sharing
    return this.#byId.get(coreChannel.slice("app:".length, coreChannel.indexOf(":", "app:".length)))
  }

  #add(app: App): void {
    if (!/^[A-Za-z0-9_-]{1,40}$/.test(app.id))
      throw new Error(`the id of a Pusher app is 1 to 40 letters, digits, _ or -; got ${JSON.stringify(app.id)}`)
    if (this.#byId.has(app.id)) throw new Error(`two Pusher apps have the id "${app.id}"`)
    if (app.options.keys.length === 0) throw new Error(`the Pusher app "${app.id}" has no key`)
    this.#byId.set(app.id, app)
    for (const { key } of app.options.keys) {
      if (this.#byKey.has(key)) throw new Error(`two Pusher apps (or one, twice) have the key "${key}"`)
      this.#byKey.set(key, app)
    }
  }
}

const names = (apps: readonly App[]): string => apps.map(({ id }) => `"${id}"`).join(", ")

/** Core's channel names are printable ASCII; ids of users may be anything. */
const toPrintable = (text: string): string => text.replace(/[^\x21-\x24\x26-\x7e]+/gu, encodeURIComponentWhole)

/** Names of core that `toPrintable` has not made stay as they are. */
function fromPrintable(text: string): string {
  try {
    return text.replace(/(%[0-9A-F]{2})+/g, decodeURIComponent)
  } catch {
    return text
  }
}

/** As encodeURIComponent; a lone surrogate, which that refuses, becomes U+FFFD. */
const encodeURIComponentWhole = (text: string): string => encodeURIComponent(text.toWellFormed())
