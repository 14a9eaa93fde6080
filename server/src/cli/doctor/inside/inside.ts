import { resolve } from "node:path"
import type { LoadedConfig } from "../../../config/load.ts"
import { type Finding, isProblem } from "../finding.ts"
import { checkConfiguration } from "./configuration.ts"
import { checkData } from "./data.ts"
import { checkDescriptors } from "./descriptors.ts"
import { checkPort } from "./port.ts"
import { checkApps, checkPusher, openAppPath } from "./pusher.ts"
import { addressOf, checkRunning } from "./running.ts"
import { checkSites } from "./site.ts"

/** What is known here that helps on the way to the server. */
export interface Home {
  /** See `openAppPath`. */
  readonly appPath: string | undefined
}

/** What a server needs on this machine: its configuration, its folder, open files, what it asks the site. */
export async function lookInside(read: () => LoadedConfig, found: (finding: Finding) => void): Promise<Home> {
  const tell = (findings: readonly Finding[]) => {
    for (const finding of findings) found(finding)
  }
  const { findings, loaded } = checkConfiguration(read)
  tell(findings)
  if (!loaded) return { appPath: undefined }
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
  const folder = resolve(settings.data)
  if (address && !running.some(isProblem)) tell(await checkPusher(settings, address, folder))
  return { appPath: openAppPath(settings, folder) }
}
