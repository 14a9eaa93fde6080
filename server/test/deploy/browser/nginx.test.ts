import { expect, test } from "bun:test"
import { comeBack } from "../../browser/support/people.ts"
import { TestServer } from "../../support/server.ts"
import { HOST, PREFIX_HOST, startShippedNginx } from "../support/nginx.ts"
import { BEHIND_PROXY, type Guest, guest, say, sees } from "./people.ts"
import { site } from "./site.ts"

const shop = site("*.example.com", async (stopLater) => {
  const server = stopLater(await TestServer.start({ env: BEHIND_PROXY }))
  return { server, nginx: stopLater(await startShippedNginx(server.port)) }
})

test("people chat through nginx: over TLS on a host of its own, and under a prefix of another site", async () => {
  const { browser, nginx } = shop
  const own = await guest(browser, "Ann", `https://${HOST}:${nginx.port}/`)
  const under = await guest(browser, "Ben", `https://${PREFIX_HOST}:${nginx.port}/skein/`)
  await say(own, "hello from the host")
  await sees(under, "hello from the host")
  await say(under, "hello from below the prefix")
  await sees(own, "hello from below the prefix")
  expect(new Set(own.sockets)).toEqual(new Set([`wss://${HOST}:${nginx.port}/connection/websocket`]))
  expect(new Set(under.sockets)).toEqual(new Set([`wss://${PREFIX_HOST}:${nginx.port}/skein/connection/websocket`]))

  const cookie = async ({ context }: Guest) =>
    (await context.cookies()).map(({ path, secure, httpOnly }) => ({ path, secure, httpOnly }))
  expect(await cookie(own)).toEqual([{ path: "/", secure: true, httpOnly: true }])
  expect(await cookie(under)).toEqual([{ path: "/skein/", secure: true, httpOnly: true }])

  await under.page.reload()
  await sees(under, "hello from below the prefix")
  for (const { context } of [own, under]) await context.close()
}, 60_000)

test("the server is killed and started again behind nginx: the page comes back, nothing lost, nothing doubled", async () => {
  const { browser, nginx, server } = shop
  const [cleo, dan] = [
    await guest(browser, "Cleo", `https://${HOST}:${nginx.port}/`),
    await guest(browser, "Dan", `https://${PREFIX_HOST}:${nginx.port}/skein/`),
  ]
  await say(cleo, "before the crash")
  await sees(dan, "before the crash")
  await server.kill()
  await cleo.page.locator(".banner", { hasText: "offline" }).waitFor()
  await say(cleo, "during the crash")
  await server.begin()
  for (const { page } of [cleo, dan]) await comeBack(page)
  await sees(dan, "during the crash")
  const heard = await dan.page.locator("li.message .text").allInnerTexts()
  expect(heard.slice(-2)).toEqual(["before the crash", "during the crash"])
  for (const { context } of [cleo, dan]) await context.close()
}, 60_000)
