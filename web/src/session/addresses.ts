/** Everything is addressed relative to the page, so that the whole can live under a prefix. */
export const address = (path: string): string => new URL(path, document.baseURI).href.split("#")[0] as string

export function socketAddress(path: string): string {
  const url = new URL(address(path))
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  return url.href
}

/** A part of an address as it was written. One mangled on its way here stays as it is: it must not stop the page. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
