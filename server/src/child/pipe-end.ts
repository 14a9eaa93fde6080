/** What Bun gives us of a pipe we write to: FileSink, or the same of stdout. */
interface Sink {
  write(chunk: Uint8Array): unknown
  flush(): unknown
  end(): unknown
}

/**
 * Writes to a pipe whose reader may be dead. Bun tells that by an exception or by a rejection of either call. It is no
 * error here: the owner learns of the death in its own way (exit, or end of input).
 */
export class PipeEnd {
  readonly #sink: Sink
  /** Settles when what was written has been handed over, or never will be. */
  flushed: Promise<unknown> = Promise.resolve()

  constructor(sink: Sink) {
    this.#sink = sink
  }

  write(chunk: Uint8Array): void {
    this.#attempt(() => this.#sink.write(chunk))
    this.flushed = this.#attempt(() => this.#sink.flush())
  }

  end(): void {
    this.#attempt(() => this.#sink.end())
  }

  #attempt(call: () => unknown): Promise<unknown> {
    try {
      return Promise.resolve(call()).catch(ignoreDeadReader)
    } catch (error) {
      return Promise.resolve(ignoreDeadReader(error))
    }
  }
}

function ignoreDeadReader(_error: unknown): void {
  // See the class: the owner learns of the death elsewhere.
}
