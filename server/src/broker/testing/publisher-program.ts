import { runEmbedded } from "./embedded-in.ts"
import { ruleOf, upTo } from "./support.ts"

/**
 * A whole node for the crash tests: publishes as fast as it is acknowledged and prints each acknowledgement,
 * `channel offset text`, one per line, written at once. Killed from outside.
 */
const [dataDir, run] = process.argv.slice(2) as [string, string]
const { broker } = await runEmbedded(dataDir)
const rule = ruleOf({ historySize: 1_000_000 })

await Promise.all(
  upTo(16).map(async (publisher) => {
    const channel = `node:${publisher % 4}`
    for (let n = 0; ; n++) {
      const data = JSON.stringify(`${run}-${publisher}-${n}`)
      const { position } = await broker.publish(channel, rule, { data })
      process.stdout.write(`${channel} ${position?.offset} ${data}\n`)
    }
  }),
)
