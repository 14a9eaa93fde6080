import { resolve } from "node:path"
import type { LoadedConfig } from "../../../config/load.ts"
import type { Settings } from "../../../config/schema.ts"
import { type Finding, note, ok } from "../finding.ts"
import { checkConfiguration } from "./configuration.ts"
import { checkData } from "./data.ts"
import { checkDescriptors } from "./descriptors.ts"
import { checkRunning } from "./running.ts"
import { checkSite } from "./site.ts"

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
  if (data.isHeld) tell(await checkRunning(settings, data.url))
  tell(await checkSite(settings))
  tell(pusherFindings(settings))
}

function pusherFindings({ pusher, pusherApps }: Settings): Finding[] {
  if (!pusher.enabled) return []
  if (!pusherApps) return [note("pusher", "no Pusher app is configured: the one of the first start is in secrets.json")]
  const disabled = pusherApps.length === 0
  if (disabled) return [note("pusher", "the list of Pusher apps is empty: pusher-js and Laravel Echo cannot connect")]
  return [ok("pusher", `Pusher apps: ${pusherApps.map(({ id }) => id).join(", ")}`)]
}
