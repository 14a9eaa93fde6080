/** What one channel allows and keeps. Fully resolved: no field is optional here, defaults live in the configuration. */
export interface ChannelRule {
  /** `name:*` for every channel with that beginning, `*` for all, or one exact channel name. */
  readonly pattern: string
  /** Publications kept, 0 for none. */
  readonly historySize: number
  /** Publications older than this are forgotten. Meaningless without `historySize`. */
  readonly historyTtlMs: number
  /** `disk`: on disk before anyone sees it. `memory`: history is lost with the process. */
  readonly durability: "memory" | "disk"
  /** Whether clients may resume from a position. Needs history. */
  readonly recovery: boolean
  readonly presence: boolean
  /** Joins and leaves are published to the subscribers that ask for them. */
  readonly joinLeave: boolean
  /** `token` needs a subscription token, `app` asks the application that owns the channel (chat). */
  readonly subscribe: Permission | "app"
  /** Client publishes; the back end always may. */
  readonly publish: Permission | "subscriber"
  /** Client reads of history and presence. */
  readonly read: Permission | "subscriber"
  /** Whether the publishing connection receives its own publication. */
  readonly echo: boolean
  /**
   * Whether clients may publish payloads that are no JSON; the back end always may. Subscribers that speak JSON cannot be
   * shown such a payload and are closed for good, so only for channels where everybody speaks Protobuf.
   */
  readonly binary: boolean
}

/** `anyone` includes anonymous connections, `user` needs an identity, `token` a token for this channel. */
export type Permission = "anyone" | "user" | "token" | "nobody"

/** Answers remembered: every publication asks for the rule of its channel. */
const MAX_REMEMBERED = 10_000

/** Finds the rule of a channel: exact name first, then the longest matching prefix pattern, then `*`. */
export class RuleBook<Rule extends { readonly pattern: string } = ChannelRule> {
  readonly #exact = new Map<string, Rule>()
  readonly #prefixes: Rule[] = []
  readonly #remembered = new Map<string, Rule>()

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) {
      if (rule.pattern.endsWith("*")) this.#prefixes.push(rule)
      else this.#exact.set(rule.pattern, rule)
    }
    this.#prefixes.sort((a, b) => b.pattern.length - a.pattern.length)
  }

  /** Undefined: no rule allows this channel to exist. */
  find(channel: string): Rule | undefined {
    const remembered = this.#remembered.get(channel)
    if (remembered !== undefined) return remembered
    const found = this.#search(channel)
    if (found === undefined) return undefined
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(channel, found)
    return found
  }

  #search(channel: string): Rule | undefined {
    return this.#exact.get(channel) ?? this.#prefixes.find((rule) => channel.startsWith(rule.pattern.slice(0, -1)))
  }
}
