import { resolve } from "node:path"
import type { LoadedConfig } from "../../../config/load.ts"
import { type Finding, isProblem } from "../finding.ts"
import { checkConfiguration } from "./configuration.ts"
import { checkData } from "./data.ts"
import { checkDescriptors } from "./descriptors.ts"
import { checkPort } from "./port.ts"
import { checkApps, checkPusher } from "./pusher.ts"
import { addressOf, checkRunning } from "./running.ts"
import { checkSites } from "./site.ts"

/** What a server needs on this machine: its configuration, its folder, open files, what it asks the site. */
export async function lookInside(read: () => LoadedConfig, found: (finding: Finding) => void): Promise<void> {
  const tell = (findings: readonly Finding[]) => {
    for (const finding of findings) found(finding)
  }
  const { findings, loaded } = checkConfiguration(read)
  tell(findings)
  if (!loaded) return
  const { settings } = loaded
  const data = checkData(resolve(settings.data))
  tell(data.findings)
  tell([checkDescriptors(settings.limits.maxConnections, data.holder)])
  if (!data.isHeld) tell(await checkPort(settings.server))
  const address = data.isHeld ? addressOf(settings, data.url) : undefined
  const running = address ? await checkRunning(address) : []
  tell(running)
  tell(await checkSites(settings))
  tell(checkApps(settings))
  if (address && !running.some(isProblem)) tell(await checkPusher(settings, address, resolve(settings.data)))
}
