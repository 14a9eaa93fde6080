/**
 * Fan-out: deliveries per server-CPU-second to one room, against a bare Bun.serve and the kernel's own limit,
 * interleaved in one run.
 *
 *   WSLOAD=…/wsload bun bench/fanout.ts [subscribers=1000] [rounds=3] [seconds=5]
 */
import { API_KEY, type Measured, startBare, startFloor, startSkein } from "./servers.ts"
import { type LoadResult, median, runWsload, wsloadPath } from "./wsload.ts"

const [subscribers = "1000", rounds = "3", seconds = "5"] = process.argv.slice(2)

interface Contender {
  readonly name: string
  readonly start: () => Promise<Measured>
  readonly args: readonly string[]
}

const ours = (channel: string) => [
  ...["--proto", "centrifugo", "--channel", channel, "--api-key", API_KEY],
  ...["--publish-pipeline", "1", "--publish-conns", "8"],
]

const contenders: readonly Contender[] = [
  { name: "bare Bun.serve", start: startBare, args: ["--proto", "raw"] },
  { name: "skein, no history", start: () => startSkein(), args: ours("public:bench") },
  { name: "skein, durable", start: () => startSkein(), args: ours("stream:bench") },
  { name: "floor --batch", start: () => startFloor(wsloadPath()), args: ["--proto", "raw"] },
]

async function measure({ start, args }: Contender): Promise<LoadResult> {
  const server = await start()
  try {
    return await runWsload([
      ...["fanout", "--target", `127.0.0.1:${server.port}`, "-n", subscribers, "--max", "--window", "8"],
      ...["--duration", seconds, "--warmup", "1", "--pid", String(server.pid), ...args],
    ])
  } finally {
    await server.stop()
  }
}

const results = new Map<string, LoadResult[]>(contenders.map(({ name }) => [name, []]))
for (let round = 1; round <= Number(rounds); round++)
  for (const contender of contenders) {
    const result = await measure(contender)
    results.get(contender.name)?.push(result)
    console.log(
      `round ${round}  ${contender.name.padEnd(18)} ${result.deliveriesPerServerCpuSecond} deliveries per server-CPU-second, ` +
        `${result.deliveriesPerSecond}/s, ${result.perRead} per read${result.warnings.map((w) => `\n  (${w})`).join("")}`,
    )
  }

const medians = contenders.map(({ name }) => ({
  name,
  value: median((results.get(name) ?? []).map((result) => result.deliveriesPerServerCpuSecond)),
}))
const bare = medians[0]?.value ?? Number.NaN
console.log(`\n${subscribers} subscribers, window 8, medians of ${rounds}:`)
for (const { name, value } of medians)
  console.log(`${name.padEnd(18)} ${String(value).padStart(9)}  ${(value / bare).toFixed(2)} of bare`)
