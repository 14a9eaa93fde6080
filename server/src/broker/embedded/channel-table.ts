import type { DurableChannel } from "./durable-channel.ts"

/** The channels in memory, longest unused first, bounded in number and in the bytes of their rings. */
export class ChannelTable {
  readonly #maxChannels: number
  readonly #maxRingsBytes: number
  readonly #byName = new Map<string, DurableChannel>()
  /** Channels whose ring holds something, longest unused first. */
  readonly #holding = new Set<DurableChannel>()
  #ringsBytes = 0

  constructor(bounds: { channels: number; ringsBytes: number }) {
    this.#maxChannels = bounds.channels
    this.#maxRingsBytes = bounds.ringsBytes
  }

  get size(): number {
    return this.#byName.size
  }

  get ringsBytes(): number {
    return this.#ringsBytes
  }

  /** The channel, which counts as used now. */
  use(name: string): DurableChannel | undefined {
    const channel = this.#byName.get(name)
    if (channel === undefined) return undefined
    this.#byName.delete(name)
    this.#byName.set(name, channel)
    if (this.#holding.delete(channel)) this.#holding.add(channel)
    return channel
  }

  peek(name: string): DurableChannel | undefined {
    return this.#byName.get(name)
  }

  /** @returns the channels that were forgotten to make room */
  add(channel: DurableChannel): DurableChannel[] {
    this.#byName.set(channel.name, channel)
    return this.#byName.size > this.#maxChannels ? this.#evictIdle() : []
  }

  remove(channel: DurableChannel): void {
    if (this.#byName.get(channel.name) === channel) this.#byName.delete(channel.name)
    this.#holding.delete(channel)
    this.#ringsBytes -= channel.ring?.bytes ?? 0
  }

  /** Changes the channel's ring. All changes go through here, so that the bytes of all rings are counted. */
  changeRing(channel: DurableChannel, change: () => void): void {
    const before = channel.ring?.bytes ?? 0
    change()
    const after = channel.ring?.bytes ?? 0
    this.#ringsBytes += after - before
    if (after === 0) this.#holding.delete(channel)
    else if (before === 0) this.#holding.add(channel)
    if (this.#ringsBytes > this.#maxRingsBytes) this.#emptyRings()
  }

  #emptyRings(): void {
    for (const channel of this.#holding) {
      this.#ringsBytes -= channel.ring?.bytes ?? 0
      channel.ring?.clear()
      this.#holding.delete(channel)
      if (this.#ringsBytes <= this.#maxRingsBytes) return
    }
  }

  /** A tenth at once, so that a full table is not searched at every new channel. */
  #evictIdle(): DurableChannel[] {
    const evicted: DurableChannel[] = []
    const wanted = Math.max(1, this.#maxChannels / 10)
    for (const channel of this.#byName.values()) {
      if (evicted.length >= wanted) break
      if (channel.pending > 0 || channel.isUndecided || channel.epoch === "") continue
      evicted.push(channel)
    }
    for (const channel of evicted) this.remove(channel)
    return evicted
  }
}
