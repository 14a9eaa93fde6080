import { expect, test } from "bun:test"
import { freePort } from "../../support/ports.ts"
import { TestServer } from "../../support/server.ts"
import { until } from "../../support/until.ts"
import { SITES, startShippedHaproxy } from "../support/haproxy.ts"
import { get } from "../support/through.ts"
import { BEHIND_PROXY, guest, say, sees } from "./people.ts"
import { site } from "./site.ts"

const [SITE] = SITES

const shop = site("*.example", async (stopLater) => {
  const server = stopLater(await TestServer.start({ env: BEHIND_PROXY }))
  const nobody = { active: await freePort(), standby: await freePort() }
  const haproxy = stopLater(await startShippedHaproxy({ a: { ...nobody, active: server.port }, b: nobody, apps: "" }))
  const isUp = async () => (await get({ port: haproxy.port, host: SITE, path: "/ready" })).status === 200
  await until(isUp, "HAProxy sees the server")
  return { haproxy }
})

test("people chat through HAProxy, where the browser speaks HTTP/2, WebSockets included", async () => {
  const { browser, haproxy } = shop
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
