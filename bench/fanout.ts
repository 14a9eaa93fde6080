/**
 * Fan-out: deliveries per server-CPU-second to one room, against a bare Bun.serve and the kernel's own limit,
 * interleaved in one run.
 *
 *   WSLOAD=…/wsload bun bench/fanout.ts [subscribers=1000] [rounds=3] [seconds=5]
 */
import { CONTENDERS, type Contender } from "./contenders.ts"
import { type LoadResult, median, runWsload } from "./wsload.ts"

const [subscribers = "1000", rounds = "3", seconds = "5"] = process.argv.slice(2)

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

const results = new Map<string, LoadResult[]>(CONTENDERS.map(({ name }) => [name, []]))
for (let round = 1; round <= Number(rounds); round++)
  for (const contender of CONTENDERS) {
    const result = await measure(contender)
    results.get(contender.name)?.push(result)
    console.log(
      `round ${round}  ${contender.name.padEnd(18)} ${result.deliveriesPerServerCpuSecond} deliveries per server-CPU-second, ` +
        `${result.deliveriesPerSecond}/s, ${result.perRead} per read${result.warnings.map((w) => `\n  (${w})`).join("")}`,
    )
  }

const medians = CONTENDERS.map(({ name }) => ({
  name,
  value: median((results.get(name) ?? []).map((result) => result.deliveriesPerServerCpuSecond)),
}))
const bare = medians[0]?.value ?? Number.NaN
console.log(`\n${subscribers} subscribers, window 8, medians of ${rounds}:`)
for (const { name, value } of medians)
  console.log(`${name.padEnd(18)} ${String(value).padStart(9)}  ${(value / bare).toFixed(2)} of bare`)
