import { join } from "node:path"
import { serveFrames, writeFrame } from "../../../child/serve-frames.ts"
import { type Hello, type LogOp, MAX_LOG_FRAME_BYTES, OP, type OpenOp, type Refused } from "../log-wire.ts"
import { type Durability, type OpenedLog, openLog } from "./open-log.ts"
import { closeDatabase } from "./statements.ts"
import { LogStore } from "./store.ts"

/**
 * The log process: the only one that opens `log.db`. Synchronous to the core, and alone with that: its waits for the
 * disk hold up nobody's deliveries (docs/decisions/0003-storage-in-its-own-process.md).
 *
 * It ends when its input ends, which is also what the death of the node looks like; a signal to the process group,
 * Ctrl-C say, must not end it before the node has written what it still holds.
 */
const LOCK_WAIT_MS = 5_000
const FIRST_RETRY_OPEN_MS = 1_000
const MAX_RETRY_OPEN_MS = 30_000

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined)

// What is in the log is nobody else's to read.
process.umask(0o077)

const [dataDir, durability] = process.argv.slice(2) as [string, Durability]
const path = join(dataDir, "log.db")
let opened = openLog(path, durability, LOCK_WAIT_MS)
let store = storeOf(opened)
/** While the log cannot be written: what the node has declared, to be declared again after each attempt to open it. */
const declared = new Map<number, OpenOp>()
let retryMs = FIRST_RETRY_OPEN_MS
let nextTryMs = performance.now() + retryMs
writeFrame(JSON.stringify(hello(opened)))

await serveFrames(
  MAX_LOG_FRAME_BYTES,
  (frames) => {
    const requests = frames.map((text) => JSON.parse(text) as [number, ...LogOp[]])
    if (opened.refusal !== undefined) leaveIfHealed(requests.at(-1)?.[0] ?? 0)
    return applyTogether(requests)
  },
  () => {
    store?.checkpointIfDue()
    return store?.tend() ?? false
  },
)
store?.close()
process.exit(0)

function storeOf(log: OpenedLog): LogStore | undefined {
  return log.db === undefined ? undefined : new LogStore({ ...log, db: log.db }, path)
}

/** One transaction for everything that has arrived, however many frames it came in. */
function applyTogether(requests: readonly [number, ...LogOp[]][]): string[] {
  const ops: LogOp[] = []
  for (const request of requests) for (let i = 1; i < request.length; i++) ops.push(request[i] as LogOp)
  for (const op of ops) remember(op)
  const nowMs = requests.at(-1)?.[0] ?? 0
  const answers = store?.apply(nowMs, ops) ?? ops.map((op) => answerWithoutStore(op))
  let next = 0
  return requests.map((request) => {
    const own = answers.slice(next, next + request.length - 1)
    next += own.length
    return JSON.stringify(own)
  })
}

function answerWithoutStore(op: LogOp): unknown {
  if (op[0] === OP.forget) return 0
  return opened.refusal as Refused
}

/**
 * A log that could not be opened for writing may become well again. Then this process ends before it has answered:
 * the node starts a fresh one, with nothing left of this state, and asks again.
 */
function leaveIfHealed(nowMs: number): void {
  if (performance.now() < nextTryMs) return
  // A reading connection holds a lock of its own.
  store?.close()
  const attempt = openLog(path, durability, 0)
  if (attempt.refusal === undefined) {
    if (attempt.db !== undefined) closeDatabase(attempt.db)
    process.exit(0)
  }
  opened = attempt
  store = storeOf(attempt)
  store?.apply(nowMs, [...declared.values()])
  retryMs = Math.min(MAX_RETRY_OPEN_MS, retryMs * 2)
  nextTryMs = performance.now() + retryMs
}

function remember(op: LogOp): void {
  if (opened.refusal === undefined) return
  if (op[0] === OP.open) declared.set(op[1], op)
  else if (op[0] === OP.forget) declared.delete(op[1])
}

function hello(log: OpenedLog): Hello {
  if (log.refusal === undefined) return { state: "open" }
  return { state: log.db === undefined ? "closed" : "reading", refusal: log.refusal }
}
