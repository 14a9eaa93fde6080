import type { ClientInfo, Publication } from "./publication.ts"

/** What a publication takes in an answer besides what is in it, about: names of fields, offset, time. */
const PUBLICATION_BYTES = 64

/** A broker counts what a page costs in memory, which for short publications is up to so many times what it is on the wire. */
const MEMORY_PER_BYTE = 3

const utf8 = new TextEncoder()

/**
 * How much a connection can be answered with at once. An answer is one frame, and a frame waits in memory until the
 * peer has read it: without this bound a long history would make `limits.max_outbound_bytes` mean nothing.
 */
export class AnswerRoom {
  #leftBytes: number
  #isEmpty = true

  constructor(bytes: number) {
    this.#leftBytes = bytes
  }

  /** What to ask a broker for: a page that is larger cannot fit. */
  static readBytes(bytes: number): number {
    return bytes * MEMORY_PER_BYTE
  }

  /** The first of them, as many as there is room for and one at least. Readers see by the offsets that there is more. */
  page(publications: readonly Publication[]): readonly Publication[] {
    let count = 0
    for (const publication of publications) {
      this.#leftBytes -= bytesOf(publication)
      if (this.#leftBytes < 0 && count > 0) break
      count++
    }
    return count === publications.length ? publications : publications.slice(0, count)
  }

  /**
   * True: there is room for all of them, which is taken. A single one that is all of the answer is what anybody would
   * have been sent anyway; single ones of many channels together would be as long as a history.
   */
  takeAll(publications: readonly Publication[]): boolean {
    if (publications.length === 0) return true
    const isAlone = this.#isEmpty && publications.length === 1
    let leftBytes = this.#leftBytes
    for (const publication of publications) {
      leftBytes -= bytesOf(publication)
      if (leftBytes < 0 && !isAlone) return false
    }
    this.#leftBytes = leftBytes
    this.#isEmpty = false
    return true
  }
}

function bytesOf({ data, info, tags }: Publication): number {
  const payload = typeof data === "string" ? utf8Bytes(data) : data.byteLength
  return PUBLICATION_BYTES + payload + (info ? infoBytes(info) : 0) + (tags ? utf8Bytes(JSON.stringify(tags)) : 0)
}

function infoBytes({ user, client, connInfo = "", chanInfo = "" }: ClientInfo): number {
  return PUBLICATION_BYTES + utf8Bytes(user) + client.length + utf8Bytes(connInfo) + utf8Bytes(chanInfo)
}

function utf8Bytes(text: string): number {
  return utf8.encode(text).byteLength
}
