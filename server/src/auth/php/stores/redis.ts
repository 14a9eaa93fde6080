import { Redis, type RedisOptions } from "ioredis"
import { READ_LIMITS } from "../reading.ts"
import type { SessionStore } from "../store.ts"
import { storeOutage } from "./outage.ts"

/** Which servers, and how long to wait for them. */
export interface RedisStoreOptions {
  /** `redis://`, `rediss://` or `unix://`, each with user, password and database where needed. */
  readonly urls: readonly string[]
  /** For connecting and for each answer. */
  readonly timeoutMs: number
  /** Told once when a server is lost and once when it is back. */
  readonly onState?: (text: string) => void
}

const EVENTS_CHECK_MS = 30_000

/** Sessions in Redis. With several servers each is asked: the one PHP chose has the session. */
export function redisStore(options: RedisStoreOptions): SessionStore {
  const servers = options.urls.map((url) => new RedisServer(url, options))
  return {
    async read(key) {
      const answers = await Promise.allSettled(servers.map((server) => server.get(key)))
      const found = answers.find((answer) => answer.status === "fulfilled" && answer.value !== null)
      if (found?.status === "fulfilled" && found.value) return { bytes: found.value }
      const failed = answers.find((answer) => answer.status === "rejected")
      if (failed) throw storeOutage("Redis", failed.reason)
      return undefined
    },
    watch(key, onChange) {
      const stops = servers.map((server) => server.watch(key, onChange))
      return () => {
        for (const stop of stops) stop()
      }
    },
    announces: () => servers.every((server) => server.announces()),
    async close() {
      for (const server of servers) server.close()
    },
  }
}

class RedisServer {
  readonly #commands: Redis
  readonly #events: Redis
  readonly #channelPrefix: string
  readonly #watchers = new Map<string, Set<() => void>>()
  /** Why there is no connection, once one was tried in vain. */
  #lost: Error | undefined
  /** The server tells about keys, as far as we know. */
  #tells = false
  #checkedAtMs = Number.NEGATIVE_INFINITY

  constructor(url: string, { timeoutMs, onState }: RedisStoreOptions) {
    const connection = connectionOf(url)
    const patient: Options = {
      ...connection,
      lazyConnect: true,
      // It asks for INFO, which a user with only the rights needed may not.
      enableReadyCheck: false,
      // All servers speak it, also those before Redis 6.
      protocol: 2,
      connectTimeout: timeoutMs,
      retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
    }
    const prompt: Options = { commandTimeout: timeoutMs, maxRetriesPerRequest: 1, enableAutoPipelining: true }
    this.#commands = new Redis({ ...patient, ...prompt })
    // Subscribing again after a loss must not time out while the server is away.
    this.#events = new Redis({ ...patient, maxRetriesPerRequest: null })
    this.#channelPrefix = `__keyspace@${connection.db ?? 0}__:`
    this.#follow(onState ?? (() => undefined), where(connection))
  }

  async get(key: string): Promise<Buffer | null> {
    try {
      // One byte beyond the bound shows that there is more; the reader refuses it. One round trip for both.
      const [bytes, exists] = await Promise.all([
        this.#commands.getrangeBuffer(key, 0, READ_LIMITS.maxBytes),
        this.#commands.exists(key),
      ])
      return bytes.length > 0 || exists > 0 ? bytes : null
    } catch (error) {
      // A list or a hash of the site that happens to have this name is no session.
      if (error instanceof Error && error.message.startsWith("WRONGTYPE")) return null
      // "Too many retries" says nothing; what kept it from connecting does.
      throw this.#lost ?? error
    }
  }

  watch(key: string, onChange: () => void): () => void {
    const channel = `${this.#channelPrefix}${key}`
    const watchers = this.#watchers.get(channel) ?? new Set()
    watchers.add(onChange)
    if (!this.#watchers.has(channel)) {
      this.#watchers.set(channel, watchers)
      // What happened between the last reading and now, nobody was told.
      this.#events.subscribe(channel).then(
        () => this.#changed(channel),
        () => undefined,
      )
    }
    return () => {
      watchers.delete(onChange)
      if (watchers.size > 0 || this.#watchers.get(channel) !== watchers) return
      this.#watchers.delete(channel)
      this.#events.unsubscribe(channel).catch(() => undefined)
    }
  }

  /** Also asks anew from time to time whether the server tells: an administrator may have changed it. */
  announces(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#checkedAtMs > EVENTS_CHECK_MS) {
      this.#checkedAtMs = nowMs
      this.#check().catch(() => {
        // Not allowed to ask, or not reachable: then nothing is relied on.
        this.#tells = false
      })
    }
    return this.#tells && this.#events.status === "ready"
  }

  close(): void {
    this.#commands.disconnect()
    this.#events.disconnect()
  }

  async #check(): Promise<void> {
    const askedAtMs = this.#checkedAtMs
    if (this.#events.status === "wait") await this.#events.connect()
    const [, flags = ""] = (await this.#commands.config("GET", "notify-keyspace-events")) as string[]
    if (this.#checkedAtMs !== askedAtMs) return
    this.#tells = flags.includes("K") && (flags.includes("A") || ["g", "x", "$"].every((flag) => flags.includes(flag)))
  }

  #changed(channel: string): void {
    for (const onChange of [...(this.#watchers.get(channel) ?? [])]) onChange()
  }

  #follow(onState: (text: string) => void, server: string): void {
    this.#commands.on("error", (error: Error) => {
      if (!this.#lost) onState(`the sessions in Redis at ${server} cannot be read: ${error.message}`)
      this.#lost = error
    })
    this.#commands.on("ready", () => {
      if (this.#lost) onState(`the sessions in Redis at ${server} can be read again`)
      this.#lost = undefined
    })
    // The same outage: the connection for commands has told it.
    this.#events.on("error", () => undefined)
    // What it would have told until it is back is found by reading, for which the time to the next check is enough.
    this.#events.on("close", () => {
      this.#tells = false
      this.#checkedAtMs = performance.now()
    })
    this.#events.on("message", (channel: string) => this.#changed(channel))
  }
}

/** Without `replyMapping`: the overloads of ioredis' constructor declare it again, and take no options that have it. */
type Options = Omit<RedisOptions, "replyMapping">
type Connection = Pick<RedisOptions, "host" | "port" | "path" | "username" | "password" | "db" | "tls">

/**
 * `redis://user:password@host:port/database`, or as PHP writes it in `session.save_path`: `tcp://host:port?database=1&auth=…`,
 * `tls://…`, `unix:///path`.
 */
function connectionOf(text: string): Connection {
  const url = new URL(text)
  const [user, password] = loginOf(url)
  const isSocket = url.protocol === "unix:"
  const login = {
    db: Number(url.searchParams.get("database") ?? (isSocket ? "0" : url.pathname.slice(1) || "0")),
    ...(user === "" ? {} : { username: user }),
    ...(password === "" ? {} : { password }),
  }
  if (isSocket) return { path: decodeURIComponent(url.pathname), ...login }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  const isTls = url.protocol === "rediss:" || url.protocol === "tls:"
  return { host, port: Number(url.port || 6_379), ...login, ...(isTls ? { tls: {} } : {}) }
}

function loginOf({ username, password, searchParams }: URL): readonly [user: string, password: string] {
  const parts = ["auth[]", "auth[user]", "auth[pass]", "auth"].flatMap((name) => searchParams.getAll(name))
  const [first = "", second] = parts
  if (parts.length > 0) return second === undefined ? ["", first] : [first, second]
  return [decodeURIComponent(username), decodeURIComponent(password)]
}

function where({ host, port, path }: Connection): string {
  return path ?? `${host}:${port}`
}
