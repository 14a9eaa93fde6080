/**
 * From publish to delivery: a room of many who all hear every publication, at a fixed rate.
 *
 *   WSLOAD=…/wsload bun bench/latency.ts [subscribers=10000] [publicationsPerSecond=2] [rounds=3] [seconds=10]
 */
import { CONTENDERS, type Contender } from "./contenders.ts"
import { type LoadResult, median, runWsload } from "./wsload.ts"

const [subscribers = "10000", rate = "2", rounds = "3", seconds = "10"] = process.argv.slice(2)

async function measure({ start, args }: Contender): Promise<LoadResult> {
  const server = await start()
  try {
    return await runWsload([
      ...["fanout", "--target", `127.0.0.1:${server.port}`, "-n", subscribers, "--rate", rate],
      ...["--duration", seconds, "--warmup", "1", "--pid", String(server.pid), ...args],
    ])
  } finally {
    await server.stop()
  }
}

const inMs = (us: number) => `${(us / 1_000).toFixed(1)} ms`.padStart(9)

const results = new Map<string, LoadResult[]>(CONTENDERS.map(({ name }) => [name, []]))
for (let round = 1; round <= Number(rounds); round++)
  for (const contender of CONTENDERS) {
    const result = await measure(contender)
    results.get(contender.name)?.push(result)
    const { latencyP50Us, latencyP99Us } = result
    console.log(`round ${round}  ${contender.name.padEnd(18)} p50 ${inMs(latencyP50Us)}  p99 ${inMs(latencyP99Us)}`)
  }

console.log(`\n${subscribers} subscribers, ${rate} publications a second, medians of ${rounds}:`)
for (const [name, all] of results) {
  const [p50, p99] = [median(all.map((one) => one.latencyP50Us)), median(all.map((one) => one.latencyP99Us))]
  console.log(`${name.padEnd(18)} p50 ${inMs(p50)}  p99 ${inMs(p99)}`)
}
