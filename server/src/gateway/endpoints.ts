import type { Protocol, WebSocketEndpoint } from "./protocol.ts"

/** Which protocol answers a WebSocket at which path. */
export class Endpoints {
  readonly #byPath = new Map<string, WebSocketEndpoint>()

  add({ endpoints }: Protocol): void {
    for (const endpoint of endpoints) for (const path of endpoint.paths) this.#byPath.set(path, endpoint)
  }

  /** An exact path beats a folder. */
  at(pathname: string): WebSocketEndpoint | undefined {
    const exact = this.#byPath.get(pathname)
    if (exact) return exact
    for (const [path, endpoint] of this.#byPath)
      if (path.endsWith("/*") && pathname.startsWith(path.slice(0, -1))) return endpoint
    return undefined
  }

  /** The longest frame that any of them takes. */
  get maxFrameBytes(): number {
    return Math.max(...[...this.#byPath.values()].map(({ maxFrameBytes }) => maxFrameBytes), 1024)
  }
}
