import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { brokerContract } from "../contract-suite.ts"
import { realClock } from "../testing/clocks.ts"
import { createEmbeddedBroker } from "./embedded.ts"

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

for (const durability of ["commit", "fsync"] as const) {
  brokerContract(`embedded, ${durability}`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "skein-broker-"))
    return {
      broker: createEmbeddedBroker({ dataDir, durability, clock: realClock, log: silent }),
      dispose: async () => rmSync(dataDir, { recursive: true, force: true }),
    }
  })
}
