/**
 * An id for this page load, 128 bits at random. The server knows a client by it when it reconnects; whoever knows it
 * could pose as the page (not as its user), so it is kept in memory only.
 */
export function newPageId(): string {
  const bytes = new Uint8Array(16)
  if (typeof crypto === "undefined") for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(Math.random() * 256)
  else crypto.getRandomValues(bytes)
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** @param wsPath - what the application has set, usually nothing */
export const pagePath = (wsPath: string | undefined, pageId: string): string =>
  `${(wsPath ?? "").replace(/\/+$/, "")}/r/${pageId}`
