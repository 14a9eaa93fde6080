import { isPast, type SessionFormat } from "./format.ts"
import { readSession, type SerializeHandler } from "./session-handlers.ts"

/** PHP's own sessions (`$_SESSION`); also those of ThinkPHP 5.0 and 5.1. */
export interface NativeFormatOptions {
  /** `session.name`. */
  readonly cookieName: string
  /** `session.serialize_handler`. */
  readonly handler: SerializeHandler
  /** What stands before the id in the store: `PHPREDIS_SESSION:`, `memc.sess.key.`, `sess_`. */
  readonly prefix: string
  /** The number before the path in `session.save_path` (`2;/folder`): so many folders deep. */
  readonly folderDepth: number
  /** `session.gc_maxlifetime`, looked at for files only: the others forget by themselves. */
  readonly lifetimeMs: number
}

/** Checked before the id goes into a file name or a command. */
const ID = /^[0-9a-zA-Z,-]{1,256}$/

/** How PHP itself writes the sessions of a site. */
export function nativeFormat(options: NativeFormatOptions): SessionFormat {
  return {
    cookieName: options.cookieName,
    idOf: (value) => (ID.test(value) && value.length >= options.folderDepth ? value : undefined),
    keyOf: (id) => `${foldersOf(id, options.folderDepth)}${options.prefix}${id}`,
    decode(stored, nowMs) {
      if (isPast(stored, options.lifetimeMs, nowMs)) return "expired"
      return readSession(options.handler, stored.bytes)
    },
  }
}

function foldersOf(id: string, depth: number): string {
  return [...id.slice(0, depth)].map((letter) => `${letter}/`).join("")
}
