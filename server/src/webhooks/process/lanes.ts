/** Of one request, unless a single event has more: PHP takes 8 MB unless told otherwise. */
const MAX_BATCH_BYTES = 1_024 * 1_024

/** An event waiting for its endpoint. Its text stays on disk until it is sent. */
export interface Waiting {
  /** Order of arrival over all events. */
  readonly sequence: number
  readonly timeMs: number
  /** Of its text. */
  readonly bytes: number
}

/** The events of one channel for one endpoint, in order. */
interface Lane {
  readonly channel: string
  readonly waiting: Waiting[]
  failures: number
  notBeforeMs: number
  isBusy: boolean
}

/** Events that go together: per channel the oldest ones, none left out. */
export interface Batch {
  readonly events: readonly Waiting[]
  readonly lanes: readonly Lane[]
}

/**
 * The queue of one endpoint: in order within a channel, channels beside each other. A channel whose event fails
 * waits alone; the others go on.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  /** Idle lanes with something to send, longest waiting first. */
  readonly #ready = new Set<Lane>()
  /** Lanes that failed and wait for their time. */
  readonly #resting = new Set<Lane>()
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  add(channel: string, waiting: Waiting): void {
    let lane = this.#lanes.get(channel)
    if (!lane) {
      lane = { channel, waiting: [], failures: 0, notBeforeMs: 0, isBusy: false }
      this.#lanes.set(channel, lane)
    }
    lane.waiting.push(waiting)
    this.#count++
    this.#bytes += waiting.bytes
    if (!lane.isBusy && lane.failures === 0) this.#ready.add(lane)
  }

  /** @param maxEvents - 1: no batching. Undefined: nothing can be sent now */
  take(nowMs: number, maxEvents: number): Batch | undefined {
    for (const lane of this.#resting)
      if (lane.notBeforeMs <= nowMs) {
        this.#resting.delete(lane)
        this.#ready.add(lane)
      }
    const [first] = this.#ready
    if (!first) return undefined
    if (first.failures > 0 || travelsAlone(first.channel)) return this.#batchOf([first], 1)
    const lanes: Lane[] = []
    let events = 0
    for (const lane of this.#ready) {
      if (events >= maxEvents) break
      if (lane.failures > 0 || travelsAlone(lane.channel)) continue
      lanes.push(lane)
      events += lane.waiting.length
    }
    return this.#batchOf(lanes, maxEvents)
  }

  /** @returns sequences that are done */
  succeeded({ events, lanes }: Batch): number[] {
    const done = new Set(events)
    for (const lane of lanes) {
      lane.failures = 0
      this.#drop(lane, lane.waiting.filter((waiting) => done.has(waiting)).length)
      this.#release(lane)
    }
    return events.map(({ sequence }) => sequence)
  }

  failed({ lanes }: Batch, notBeforeMs: (failures: number) => number): void {
    for (const lane of lanes) {
      lane.failures++
      lane.notBeforeMs = notBeforeMs(lane.failures)
      this.#release(lane)
    }
  }

  /** Gives up what came before `timeMs`, and the oldest beyond `maxCount` or `maxBytes`. @returns their sequences */
  giveUp(timeMs: number, maxCount: number, maxBytes: number): number[] {
    const gone: number[] = []
    for (const lane of [...this.#lanes.values()]) {
      if (lane.isBusy) continue
      const old = lane.waiting.findIndex((waiting) => waiting.timeMs >= timeMs)
      if (old !== 0) gone.push(...this.#shorten(lane, old < 0 ? lane.waiting.length : old))
    }
    if (this.#count > maxCount || this.#bytes > maxBytes) gone.push(...this.#giveUpOldest(maxCount, maxBytes))
    return gone
  }

  oldestMs(): number | undefined {
    let oldest: number | undefined
    for (const { waiting } of this.#lanes.values()) {
      const first = waiting[0]?.timeMs
      if (first !== undefined && (oldest === undefined || first < oldest)) oldest = first
    }
    return oldest
  }

  #giveUpOldest(maxCount: number, maxBytes: number): number[] {
    const idle = [...this.#lanes.values()].filter(({ isBusy }) => !isBusy)
    const oldest = idle.flatMap((lane) => lane.waiting.map((waiting) => ({ lane, sequence: waiting.sequence })))
    oldest.sort((a, b) => a.sequence - b.sequence)
    const gone: number[] = []
    for (const { lane } of oldest) {
      if (this.#count <= maxCount && this.#bytes <= maxBytes) break
      gone.push(...this.#shorten(lane, 1))
    }
    return gone
  }

  #shorten(lane: Lane, count: number): number[] {
    const gone = this.#drop(lane, count)
    this.#release(lane)
    return gone
  }

  #batchOf(candidates: readonly Lane[], maxEvents: number): Batch {
    const events: Waiting[] = []
    const lanes: Lane[] = []
    let bytes = 0
    for (const lane of candidates) {
      const before = events.length
      for (const waiting of lane.waiting) {
        const isFull = events.length >= maxEvents || bytes + waiting.bytes > MAX_BATCH_BYTES
        if (isFull && events.length > 0) break
        events.push(waiting)
        bytes += waiting.bytes
      }
      // Nothing of it fits: it goes with the next.
      if (events.length === before) continue
      lane.isBusy = true
      this.#ready.delete(lane)
      lanes.push(lane)
    }
    return { events: events.sort((a, b) => a.sequence - b.sequence), lanes }
  }

  #drop(lane: Lane, count: number): number[] {
    const dropped = lane.waiting.splice(0, count)
    this.#count -= dropped.length
    for (const { bytes } of dropped) this.#bytes -= bytes
    return dropped.map(({ sequence }) => sequence)
  }

  #release(lane: Lane): void {
    lane.isBusy = false
    this.#ready.delete(lane)
    this.#resting.delete(lane)
    if (lane.waiting.length === 0) this.#lanes.delete(lane.channel)
    else if (lane.failures > 0) this.#resting.add(lane)
    else this.#ready.add(lane)
  }
}

/** Stock receivers fail on a whole request for one event of an encrypted channel that they cannot decrypt. */
const travelsAlone = (channel: string): boolean => channel.startsWith("private-encrypted-")
