import type { Connection, Subscription } from "./connection.ts"
import type { ClientInfo } from "./publication.ts"

/**
 * What the other subscribers of a channel are shown of a connection. Returns the same object until its content changes,
 * so that encoders can keep the text of it in a WeakMap and need not encode it again for every publication.
 */
export class ClientInfos {
  readonly #known = new WeakMap<Connection, ClientInfo>()

  /** @param subscription - absent: the connection is not in the channel */
  of(connection: Connection, subscription: Subscription | undefined): ClientInfo {
    const isOwn = subscription?.chanInfo !== undefined || subscription?.userId !== undefined
    if (isOwn) return clientInfo(connection, subscription)
    const known = this.#known.get(connection)
    if (known?.user === connection.identity.userId && known.connInfo === connection.identity.info) return known
    const info = clientInfo(connection, undefined)
    this.#known.set(connection, info)
    return info
  }
}

function clientInfo({ id, identity }: Connection, subscription: Subscription | undefined): ClientInfo {
  const { userId, info } = identity
  const chanInfo = subscription?.chanInfo
  return {
    user: subscription?.userId ?? userId,
    client: id,
    ...(info === undefined ? {} : { connInfo: info }),
    ...(chanInfo === undefined ? {} : { chanInfo }),
  }
}
