import { createHash } from "node:crypto"

/**
 * `<connection>.<page>`: the first number is new for every connection, the second stays with the page of a client
 * that has a page id. So a back end that holds the socket id from before a reconnect still names the right client.
 */
export interface SocketId {
  readonly connection: number
  readonly page: number
}

const PATTERN = /^(\d{1,16})\.(\d{1,16})$/

/** Undefined: not a socket id. */
export function parseSocketId(text: string): SocketId | undefined {
  const match = PATTERN.exec(text)
  return match ? { connection: Number(match[1]), page: Number(match[2]) } : undefined
}

export const formatSocketId = ({ connection, page }: SocketId): string => `${connection}.${page}`

/** 16 to 64 characters that the client chose at random when its page was loaded. */
export const PAGE_ID = /^[A-Za-z0-9_-]{16,64}$/

/** 48 bits of a hash: shows nothing of the page id, which is the client's secret. */
export function pageNumber(appId: string, pageId: string): number {
  return createHash("sha256").update(`${appId}/${pageId}`).digest().readUIntBE(0, 6)
}
