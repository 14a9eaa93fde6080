import { type Browser, chromium } from "playwright-core"

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
]

/**
 * Debian's Chromium or that of `CHROMIUM_PATH`, which by itself asks nobody on the network for anything.
 *
 * @param sites - a host or a pattern like `*.example`: sites that are found on this machine
 */
export const openBrowser = (sites?: string): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: sites === undefined ? FLAGS : [...FLAGS, `--host-resolver-rules=MAP ${sites} 127.0.0.1`],
  })
