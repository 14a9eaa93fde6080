import { expect, test } from "bun:test"
import { join } from "node:path"
import { runEmbedded, TestFolder } from "../testing/embedded-in.ts"
import { ruleOf, upTo } from "../testing/support.ts"

const PROGRAM = join(import.meta.dirname, "..", "testing", "publisher-program.ts")
const ROUNDS = 8

/** Runs the publishing node until it has printed this many acknowledgements, then kills it. */
async function publishAndDie(dataDir: string, run: number, acknowledgements: number): Promise<string[]> {
  const node = Bun.spawn([process.execPath, PROGRAM, dataDir, String(run)], { stdout: "pipe", stderr: "inherit" })
  let text = ""
  let lines = 0
  const decoder = new TextDecoder()
  for await (const chunk of node.stdout) {
    const piece = decoder.decode(chunk, { stream: true })
    text += piece
    lines += piece.split("\n").length - 1
    // What is still in the pipe was acknowledged too: read on to its end.
    if (lines >= acknowledgements) node.kill("SIGKILL")
  }
  await node.exited
  return text.split("\n").slice(0, -1)
}

test(`kill -9 of the whole node, ${ROUNDS} times: what was acknowledged is there, once, in order`, async () => {
  const folder = new TestFolder()
  const acked = new Map<string, Map<number, string>>()
  for (const run of upTo(ROUNDS)) {
    // The next node starts while the log process of the dead one may still be at work: it waits for it.
    for (const line of await publishAndDie(folder.path, run, 200 + run * 150)) {
      const [channel, offset, data] = line.split(" ") as [string, string, string]
      const positions = acked.get(channel) ?? new Map<number, string>()
      acked.set(channel, positions)
      expect(positions.has(Number(offset))).toBe(false)
      positions.set(Number(offset), data)
    }
  }
  const { broker, logged } = await runEmbedded(folder.path)
  expect(logged.lines).toEqual([])
  expect(acked.size).toBe(4)
  for (const [channel, positions] of acked) {
    const { publications, top } = await broker.history(channel, ruleOf({ historySize: 1_000_000 }), { limit: -1 })
    expect(publications.map(({ offset }) => offset)).toEqual(upTo(top.offset))
    for (const [offset, data] of positions) expect(publications[offset - 1]?.data).toBe(data)
    // Nothing twice, though some were stored that the dead node could not acknowledge any more.
    expect(new Set(publications.map(({ data }) => data)).size).toBe(publications.length)
    expect(publications.length).toBeGreaterThanOrEqual(positions.size)
  }
  await broker.stop()
  folder.remove()
}, 60_000)
