import { filesPlaceOf, type PhpSessionSettings } from "./settings.ts"
import type { SessionStore } from "./store.ts"
import type { MemcachedServer } from "./stores/memcached.ts"

const NATIVE_FOLDER = "/var/lib/php/sessions"
const MEMCACHED_PORT = 11_211

/**
 * The store the settings name; undefined when sessions travel in cookies. Clients of stores are loaded only here,
 * so that nobody carries the weight of those not used.
 *
 * @throws Error for settings that do not go together
 */
export async function openStore(
  settings: PhpSessionSettings,
  log: (text: string) => void,
): Promise<SessionStore | undefined> {
  const { timeoutMs } = settings
  switch (settings.store) {
    case "files":
    case "cache_files": {
      const folder = filesPlaceOf(settings).folder ?? (settings.framework === "php" ? NATIVE_FOLDER : undefined)
      if (folder === undefined) throw new Error("sessions.folder is needed: the folder of the session files")
      return (await import("./stores/files.ts")).fileStore(folder)
    }
    case "redis":
      return (await import("./stores/redis.ts")).redisStore({ urls: settings.redisUrls, timeoutMs, onState: log })
    case "memcached":
      return (await import("./stores/memcached.ts")).memcachedStore(settings.memcachedServers.map(serverOf), timeoutMs)
    case "database": {
      const { databaseUrl: url, databaseTable: table } = settings
      if (url === undefined) throw new Error("sessions.database_url is needed: where the table of sessions is")
      return (await import("./stores/database.ts")).databaseStore({ url, table, timeoutMs })
    }
    case "cookie":
      return undefined
  }
}

/**
 * One server of `session.save_path`: `host:port`, `[::1]:11211`, the host alone, or the path of a socket, each also with
 * its weight behind it.
 */
function serverOf(text: string): MemcachedServer {
  if (text.startsWith("/")) return { path: text.replace(/(:\d+)+$/, "") }
  const url = new URL(`memcached://${text.replace(/^([^:]+:\d+):\d+$/, "$1")}`)
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || MEMCACHED_PORT) }
}
