import { afterAll, beforeAll } from "bun:test"
import type { Browser } from "playwright-core"
import { openBrowser } from "../../support/chromium.ts"

interface Stoppable {
  stop(): Promise<void>
}

/**
 * What the tests of one file share: a server, the proxy in front of it, and a browser that finds `hosts` (like
 * `*.example.com`) on this machine. Its members are there as soon as the first test runs.
 *
 * @param start - hands everything it has started to `stopLater`, so that it is stopped even when a later part fails
 */
export function site<Parts extends object>(
  hosts: string,
  start: (stopLater: <Part extends Stoppable>(part: Part) => Part) => Promise<Parts>,
): Parts & { readonly browser: Browser } {
  const shared = {} as Parts & { browser: Browser }
  const started: Stoppable[] = []
  beforeAll(async () => {
    Object.assign(
      shared,
      await start((part) => {
        started.unshift(part)
        return part
      }),
    )
    shared.browser = await openBrowser(hosts)
  }, 30_000)
  afterAll(async () => {
    await shared.browser?.close()
    for (const part of started) await part.stop()
  })
  return shared
}
