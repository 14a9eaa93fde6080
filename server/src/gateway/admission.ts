import { type LimitName, noteLimit } from "../core/limits.ts"
import { networkOf } from "./address.ts"

/** Why a new connection is not let in. */
export interface Refusal {
  readonly status: number
  readonly message: string
  /** The setting whose bound was met. */
  readonly limit?: LimitName
}

/** How many connections may be open. */
export interface AdmissionLimits {
  /** Open connections of this node. Keep below 0.9 of the descriptor limit: at the limit Bun spins in accept (bun#32705). */
  readonly maxConnections: number
  /** Loopback does not count; an IPv6 address counts by its /64 network, which is what one customer has. */
  readonly maxConnectionsPerAddress: number
}

/** Counts open connections, in all and by address. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #byNetwork = new Map<string, number>()
  readonly #refusals = new Map<number, number>()
  #open = 0
  #draining = false

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** By HTTP status of the refusal. */
  get refusals(): ReadonlyMap<number, number> {
    return this.#refusals
  }

  /** Undefined: the connection is let in; call `leave` with the same address once it has ended. */
  enter(address: string): Refusal | undefined {
    const refusal = this.#decide(address)
    if (refusal) this.#refusals.set(refusal.status, (this.#refusals.get(refusal.status) ?? 0) + 1)
    if (refusal?.limit) noteLimit(refusal.limit)
    return refusal
  }

  #decide(address: string): Refusal | undefined {
    if (this.#draining) return { status: 503, message: "this server is shutting down; connect again" }
    if (this.#open >= this.#limits.maxConnections)
      return full(
        "limits.max_connections",
        503,
        `this server holds its ${this.#limits.maxConnections} connections already`,
      )
    const network = networkOf(address)
    const here = network === undefined ? 0 : (this.#byNetwork.get(network) ?? 0)
    if (here >= this.#limits.maxConnectionsPerAddress)
      return full("limits.max_connections_per_ip", 429, `${network} has ${here} connections already`)
    this.#open++
    if (network !== undefined) this.#byNetwork.set(network, here + 1)
    return undefined
  }

  leave(address: string): void {
    this.#open--
    const network = networkOf(address)
    if (network === undefined) return
    const here = (this.#byNetwork.get(network) ?? 1) - 1
    if (here > 0) this.#byNetwork.set(network, here)
    else this.#byNetwork.delete(network)
  }

  drain(): void {
    this.#draining = true
  }

  get isDraining(): boolean {
    return this.#draining
  }

  get open(): number {
    return this.#open
  }
}

const full = (limit: LimitName, status: number, message: string): Refusal => ({
  status,
  limit,
  message: `${message} (${limit})`,
})
