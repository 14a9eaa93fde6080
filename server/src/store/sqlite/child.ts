import { FrameReader } from "../../child/frames.ts"
import { writeFrame } from "../../child/serve-frames.ts"
import type { ChatStore, StoreOperation } from "../contract.ts"
import { openSqliteStore, type SqliteOptions } from "./in-process.ts"
import { type Answer, MAX_STORE_FRAME_BYTES, READY_ID, type Request, toFailure } from "./wire.ts"

/** Where tests make things go wrong. */
interface Hooks {
  readonly answered?: (answer: Answer) => void
  readonly opened?: Parameters<typeof openSqliteStore>[1]
}

/**
 * The store's own process: SQLite is synchronous, and a slow disk must stall nobody's delivery.
 * Answers go out in the order of their transactions. Ends when its input ends, everything accepted done.
 */
export async function serveStore(options: SqliteOptions, { answered = send, opened }: Hooks = {}): Promise<void> {
  const store = await openOrExplain(options, opened)
  if (!store) return
  send([READY_ID, 1, {}])
  const reader = new FrameReader(MAX_STORE_FRAME_BYTES)
  for await (const chunk of Bun.stdin.stream()) {
    reader.push(chunk, (frame) => void run(store, JSON.parse(frame) as Request).then(answered))
  }
  await store.stop()
}

/** A database that cannot be opened is told to the parent, whose calls then fail with the reason. */
async function openOrExplain(options: SqliteOptions, opened: Hooks["opened"]): Promise<ChatStore | undefined> {
  try {
    return await openSqliteStore(options, opened)
  } catch (error) {
    send([READY_ID, 0, toFailure(error)])
    process.exitCode = 1
    return undefined
  }
}

async function run(store: ChatStore, [id, operation, input]: Request): Promise<Answer> {
  try {
    const call = store[operation as StoreOperation] as (input: unknown) => Promise<unknown>
    return [id, 1, await call(input)]
  } catch (error) {
    return [id, 0, toFailure(error)]
  }
}

export function send(answer: Answer): void {
  writeFrame(JSON.stringify(answer))
}

// Ctrl-C and a supervisor's signal reach the whole group; the parent drains and then closes our input.
if (import.meta.main) for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined)
if (import.meta.main) await serveStore(JSON.parse(process.argv[2] ?? "{}") as SqliteOptions)
