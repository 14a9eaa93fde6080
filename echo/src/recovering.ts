import type Pusher from "pusher-js"
import type { Options } from "pusher-js"
import { newPageId, pagePath } from "./page-id.ts"
import { type Message, Recovery } from "./recovery.ts"

export type PusherClass = typeof Pusher

/**
 * A Pusher client class that misses nothing: after a reconnect everything published meanwhile in channels with
 * history arrives, once and in order, before anything new.
 *
 * ```js
 * window.Echo = new Echo({ broadcaster: "reverb", Pusher: recovering(Pusher), key, wsHost, … })
 * ```
 *
 * Where the history does not reach back far enough, the channel emits `skein:gap`.
 */
export function recovering(Base: PusherClass): PusherClass {
  return class RecoveringPusher extends Base {
    readonly #recovery = new Recovery()

    constructor(key: string, options: Options) {
      super(key, { ...options, wsPath: pagePath(options.wsPath, newPageId()) })
      this.#translateMessages()
    }

    override send_event(name: string, data: unknown, channel?: string): boolean {
      return super.send_event(name, name === "pusher:subscribe" ? this.#withPosition(data) : data, channel)
    }

    override unsubscribe(channel: string): void {
      this.#recovery.forget(channel)
      super.unsubscribe(channel)
    }

    #withPosition(data: unknown): unknown {
      const subscribe = data as { channel: string }
      const recover = this.#recovery.positionOf(subscribe.channel)
      return recover === undefined ? subscribe : { ...subscribe, recover }
    }

    /** Everything in pusher-js that reads messages gets them from this one emitter. */
    #translateMessages(): void {
      const { connection } = this
      const emit = connection.emit.bind(connection)
      connection.emit = (name: string, message?: unknown, metadata?: never) => {
        if (name !== "message") return emit(name, message, metadata)
        for (const one of this.#recovery.translate(message as Message)) emit(name, one, metadata)
        return connection
      }
    }
  } as PusherClass
}
