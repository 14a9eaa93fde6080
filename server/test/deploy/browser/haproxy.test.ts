import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Browser } from "playwright-core"
import { openBrowser } from "../../support/chromium.ts"
import { freePort } from "../../support/ports.ts"
import { TestServer } from "../../support/server.ts"
import { until } from "../../support/until.ts"
import { type Haproxy, SITES, startShippedHaproxy } from "../support/haproxy.ts"
import { get } from "../support/through.ts"
import { BEHIND_PROXY, guest, say, sees } from "./people.ts"

const [SITE] = SITES

let server: TestServer
let haproxy: Haproxy
let browser: Browser
beforeAll(async () => {
  server = await TestServer.start({ env: BEHIND_PROXY })
  const nobody = { active: await freePort(), standby: await freePort() }
  haproxy = await startShippedHaproxy({ a: { ...nobody, active: server.port }, b: nobody, apps: "" })
  browser = await openBrowser("*.example")
  const isUp = async () => (await get({ port: haproxy.port, host: SITE, path: "/ready" })).status === 200
  await until(isUp, "HAProxy sees the server")
}, 30_000)
afterAll(async () => {
  await browser?.close()
  await haproxy?.stop()
  await server?.stop()
})

test("people chat through HAProxy, where the browser speaks HTTP/2, WebSockets included", async () => {
  const address = `https://${SITE}:${haproxy.port}/`
  const [eva, finn] = [await guest(browser, "Eva", address), await guest(browser, "Finn", address)]
  await say(eva, "hello through HAProxy")
  await sees(finn, "hello through HAProxy")
  await say(finn, "and back")
  await sees(eva, "and back")
  expect(new Set(eva.sockets)).toEqual(new Set([`wss://${SITE}:${haproxy.port}/connection/websocket`]))
  const [cookie] = await eva.context.cookies()
  expect(cookie).toMatchObject({ path: "/", secure: true, httpOnly: true })
  const protocol = await eva.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
  expect(protocol).toBe("h2")
}, 60_000)
