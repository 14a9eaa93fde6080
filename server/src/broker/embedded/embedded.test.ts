import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock } from "../../core/clock.ts"
import { brokerContract } from "../contract-suite.ts"
import { createEmbeddedBroker } from "./embedded.ts"

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

for (const durability of ["commit", "fsync"] as const) {
  brokerContract(`embedded, ${durability}`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "skein-broker-"))
    return {
      broker: createEmbeddedBroker({ dataDir, durability, clock: systemClock, log: silent }),
      dispose: async () => rmSync(dataDir, { recursive: true, force: true }),
    }
  })
}
