import type { Connection } from "./connection.ts"
import { type Encoder, type Fanout, presenceTopic, publicationTopic } from "./fanout.ts"
import type { Hub } from "./hub.ts"
import type { PresenceChange } from "./presence.ts"
import type { Publication } from "./publication.ts"
import type { RuleBook } from "./rules.ts"

export interface DeliveryParts {
  readonly rules: RuleBook
  readonly hub: Hub
  readonly fanout: Fanout
  readonly encoders: readonly Encoder[]
}

/** Encodes what happens in a channel once per wire format, and sends it to that format's topic. */
export class Delivery {
  readonly #parts: DeliveryParts

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  publication(channel: string, publication: Publication): void {
    const { encoders, fanout } = this.#parts
    const except = this.#exceptFor(channel, publication)
    for (const encoder of encoders) {
      const topic = publicationTopic(encoder.name, channel)
      fanout.send(encoder, topic, () => encoder.publication(channel, publication), outletIn(encoder, except))
    }
  }

  /** Sent only where the rule has `joinLeave`, to the subscribers that asked for it. */
  presence({ kind, channel, info, ofUser }: PresenceChange): void {
    const { rules, hub, encoders, fanout } = this.#parts
    if (!rules.find(channel)?.joinLeave) return
    for (const encoder of encoders) {
      const topic = presenceTopic(encoder.name, channel)
      // Joins and leaves keep their place among publications only if those collected so far go first.
      fanout.flush(publicationTopic(encoder.name, channel))
      const own = encoder.sparesOwnPresence ? hub.get(info.client) : undefined
      fanout.send(encoder, topic, () => encoder[kind](channel, info, ofUser), outletIn(encoder, own))
    }
  }

  /** The connection that is not to hear its own publication. */
  #exceptFor(channel: string, publication: Publication): Connection | undefined {
    const { rules, hub } = this.#parts
    if (publication.exclude !== undefined) return hub.get(publication.exclude)
    const publisher = publication.info?.client
    if (publisher === undefined || rules.find(channel)?.echo !== false) return undefined
    return hub.get(publisher)
  }
}

const outletIn = (encoder: Encoder, connection: Connection | undefined): Connection["outlet"] | undefined =>
  connection?.format === encoder.name ? connection.outlet : undefined
