import { spawn } from "node:child_process"

/** What one run of the load generator says, as far as the benches need it. */
export interface LoadResult {
  readonly deliveriesPerServerCpuSecond: number
  readonly deliveriesPerSecond: number
  readonly perRead: number
  readonly latencyP50Us: number
  readonly latencyP99Us: number
  readonly bytesPerConnection: number
  readonly warnings: readonly string[]
  readonly raw: string
}

/** Path of a built `wsload`, from WSLOAD. @throws Error that says how to get one */
export function wsloadPath(): string {
  const path = process.env.WSLOAD
  if (!path) throw new Error("set WSLOAD to the path of a built wsload binary (make in its folder)")
  return path
}

/** Runs the generator and reads its report. Its report is text for people; the numbers stand after fixed words. */
export async function runWsload(args: readonly string[]): Promise<LoadResult> {
  const raw = await output(wsloadPath(), args)
  const number = (pattern: RegExp): number => Number(pattern.exec(raw)?.[1] ?? Number.NaN)
  return {
    deliveriesPerServerCpuSecond: number(/(\d+) deliveries per server-CPU-second/),
    deliveriesPerSecond: number(/^deliveries: (\d+)\/s/m),
    perRead: number(/([\d.]+) per read/),
    latencyP50Us: number(/latency.*?p50 ([\d.]+)/),
    latencyP99Us: number(/latency.*?p99 ([\d.]+)/),
    bytesPerConnection: number(/memory held: .*?\(([+-]?\d+) B\/connection\)/),
    warnings: [...raw.matchAll(/^WARNING: (.*)$/gm)].map((match) => match[1] ?? ""),
    raw,
  }
}

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
    let text = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk))
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${text}`)),
    )
  })
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
