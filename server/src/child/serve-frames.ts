import { encodeFrame, FrameReader } from "./frames.ts"
import { PipeEnd } from "./pipe-end.ts"

/**
 * The child's side: hands over all whole frames that have arrived, as one batch, and writes back what is returned.
 *
 * While a batch is being worked on the next one gathers in the pipe: the busier, the larger, so the cost of a batch
 * (a commit) is shared by more. Resolves at the end of input, when every frame has been answered.
 *
 * @param idle called between batches as long as it returns true (more to do); keep each call short
 */
export async function serveFrames(
  maxFrameBytes: number,
  answer: (frames: readonly string[]) => readonly string[],
  idle: () => boolean,
): Promise<void> {
  const reader = new FrameReader(maxFrameBytes)
  const arrived: string[] = []
  let scheduled = false
  const work = () => {
    scheduled = false
    const frames = arrived.splice(0)
    if (frames.length > 0) for (const text of answer(frames)) writeFrame(text)
    if (idle()) schedule()
  }
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(work)
  }
  for await (const chunk of Bun.stdin.stream()) {
    reader.push(chunk, (text) => arrived.push(text))
    if (arrived.length > 0) schedule()
  }
  while (arrived.length > 0) work()
  await out.flushed
}

const out = new PipeEnd(Bun.stdout.writer())

/** A frame to the parent. */
export function writeFrame(text: string): void {
  out.write(encodeFrame(text))
}
