import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SupervisedChild } from "../../child/supervised-child.ts"
import type { Clock } from "../../core/clock.ts"
import { systemClock } from "../../core/clock.ts"
import type { FakeClock } from "../../core/testing/fake-clock.ts"
import { createEmbeddedBroker, type EmbeddedBroker, type EmbeddedBrokerOptions } from "../embedded/embedded.ts"
import { MAX_LOG_FRAME_BYTES } from "../embedded/log-wire.ts"
import { eventually, Listening } from "./support.ts"

/** What the broker logged, for tests that expect it to say something. */
export class Logged {
  readonly lines: { readonly level: string; readonly obj: object; readonly msg: string }[] = []
  readonly info = (obj: object, msg: string): void => this.#add("info", obj, msg)
  readonly warn = (obj: object, msg: string): void => this.#add("warn", obj, msg)
  readonly error = (obj: object, msg: string): void => this.#add("error", obj, msg)

  #add(level: string, obj: object, msg: string): void {
    this.lines.push({ level, obj, msg })
  }
}

/** A folder for one test. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "skein-broker-"))

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export interface Running {
  readonly broker: EmbeddedBroker
  readonly listening: Listening
  readonly logged: Logged
  /** The log process, to be killed. */
  readonly child: SupervisedChild
}

/** A started broker with a real log process. */
export async function runEmbedded(
  dataDir: string,
  options: Partial<Omit<EmbeddedBrokerOptions, "dataDir">> & { clock?: Clock } = {},
): Promise<Running> {
  const logged = new Logged()
  const clock = options.clock ?? systemClock
  const child = new SupervisedChild({
    name: "log process",
    entry: join(import.meta.dirname, "..", "embedded", "log-process", "main.ts"),
    args: [dataDir, options.durability ?? "commit"],
    maxFrameBytes: MAX_LOG_FRAME_BYTES,
    clock,
    log: logged,
  })
  const broker = createEmbeddedBroker({ durability: "commit", log: logged, link: child, ...options, clock, dataDir })
  const listening = new Listening()
  await broker.start(listening)
  return { broker, listening, logged, child }
}

/**
 * A second of fake time goes by, and the log process has answered its tick. Without waiting for that, fake time would
 * outrun the real process on a busy machine, and it would be killed for not answering.
 */
export async function secondGoesBy({ broker }: Running, clock: FakeClock): Promise<void> {
  const before = broker.stats().log
  clock.advance(1_000)
  await eventually("the answer to a tick", () => broker.stats().log !== before)
}
