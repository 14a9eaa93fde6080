/** Everything is addressed relative to the page, so that the whole can live under a prefix. */
export const address = (path: string): string => new URL(path, document.baseURI).href.split("#")[0] as string

export function socketAddress(path: string): string {
  const url = new URL(address(path))
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  return url.href
}
