import { appendFileSync, existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FrameReader } from "../../child/frames.ts"
import { writeFrame } from "../../child/serve-frames.ts"
import { MAX_WEBHOOK_FRAME_BYTES, type ToProcess } from "../wire.ts"

/** The webhook process, the first time one that takes whatever it is sent and says no word about it. */
const [dataDir] = process.argv.slice(2) as [string]
const mark = join(dataDir, "taken")

if (existsSync(mark)) await import("../process/main.ts")
else await hang()

async function hang(): Promise<void> {
  writeFileSync(mark, "")
  const reader = new FrameReader(MAX_WEBHOOK_FRAME_BYTES)
  for await (const chunk of Bun.stdin.stream())
    reader.push(chunk, (text) => {
      const frame = JSON.parse(text) as ToProcess
      if (frame.is === "open") writeFrame(JSON.stringify({ is: "told", told: [] }))
      else appendFileSync(mark, `${frame.events.length}\n`)
    })
}
