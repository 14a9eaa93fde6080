/** Why a new connection is not let in. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

export interface AdmissionLimits {
  /** Open connections of this node. Keep below 0.9 of the descriptor limit: at the limit Bun spins in accept (bun#32705). */
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
}

/** Counts open connections, in all and by address. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #byAddress = new Map<string, number>()
  #open = 0
  #draining = false

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Undefined: come in, and call `leave` with the same address once. */
  enter(address: string): Refusal | undefined {
    if (this.#draining) return { status: 503, message: "this server is shutting down; connect again" }
    if (this.#open >= this.#limits.maxConnections)
      return { status: 503, message: `this server holds its ${this.#limits.maxConnections} connections already` }
    const here = this.#byAddress.get(address) ?? 0
    if (here >= this.#limits.maxConnectionsPerAddress)
      return { status: 429, message: `too many connections from ${address} (${here})` }
    this.#open++
    this.#byAddress.set(address, here + 1)
    return undefined
  }

  leave(address: string): void {
    this.#open--
    const here = (this.#byAddress.get(address) ?? 1) - 1
    if (here > 0) this.#byAddress.set(address, here)
    else this.#byAddress.delete(address)
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
