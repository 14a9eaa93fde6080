import { serveFrames, writeFrame } from "../serve-frames.ts"

/** A child for the tests: answers each frame with itself; dies or hangs on request. */
const [mood] = process.argv.slice(2)
if (mood === "dies at once") process.exit(7)
writeFrame("hello")
await serveFrames(
  1_000_000,
  (frames) => {
    if (frames.includes("die")) process.exit(9)
    if (frames.includes("nonsense")) process.stdout.write("\xff\xff\xff\xff nonsense")
    return frames
  },
  () => false,
)
// Hanging: input has ended, and it does not.
if (mood === "hangs") setInterval(() => undefined, 1_000)
else process.exit(0)
