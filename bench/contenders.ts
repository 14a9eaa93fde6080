import { API_KEY, type Measured, startBare, startFloor, startSkein } from "./servers.ts"
import { wsloadPath } from "./wsload.ts"

/** One of those that fan out to the same room in one run. */
export interface Contender {
  readonly name: string
  readonly start: () => Promise<Measured>
  /** How the load generator speaks to it. */
  readonly args: readonly string[]
}

// Bun closes a connection on which a request waits behind one that is being answered: one at a time on each of eight.
const ours = (channel: string) => [
  ...["--proto", "centrifugo", "--channel", channel, "--api-key", API_KEY],
  ...["--publish-pipeline", "1", "--publish-conns", "8"],
]

/** What the others are measured against comes first. */
export const CONTENDERS: readonly Contender[] = [
  { name: "bare Bun.serve", start: startBare, args: ["--proto", "raw"] },
  { name: "skein, no history", start: () => startSkein(), args: ours("public:bench") },
  { name: "skein, durable", start: () => startSkein(), args: ours("stream:bench") },
  { name: "floor --batch", start: () => startFloor(wsloadPath()), args: ["--proto", "raw"] },
]
