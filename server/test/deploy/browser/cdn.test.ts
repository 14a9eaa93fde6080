import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Browser } from "playwright-core"
import { openBrowser } from "../../support/chromium.ts"
import { freePort } from "../../support/ports.ts"
import { TestServer } from "../../support/server.ts"
import { HOST, type HttpBlock, type Nginx, startShippedNginx } from "../support/nginx.ts"
import { BEHIND_PROXY, guest, say, sees } from "./people.ts"

const CDN = "cdn.example.com"

let server: TestServer
let nginx: Nginx
let browser: Browser

/** A CDN for nothing but the files, which it takes from the server and hands on as they come. */
const cdn: HttpBlock = ({ port, certificate }) => `
  server {
    listen 127.0.0.1:${port} ssl http2;
    server_name ${CDN};
    ssl_certificate ${certificate.certificate};
    ssl_certificate_key ${certificate.key};
    location / { return 404; }
    location /assets/ { proxy_pass http://skein; }
  }`

beforeAll(async () => {
  const port = await freePort()
  nginx = await startShippedNginx(port, { more: cdn })
  server = await TestServer.start({
    port,
    env: { ...BEHIND_PROXY, SKEIN_ASSETS_BASE_URL: `https://${CDN}:${nginx.port}` },
  })
  browser = await openBrowser("*.example.com")
}, 30_000)
afterAll(async () => {
  await browser?.close()
  await nginx?.stop()
  await server?.stop()
})

test("scripts and styles come from the CDN, and the page works under its own policy", async () => {
  const ann = await guest(browser, "Ann", `https://${HOST}:${nginx.port}/`)
  await say(ann, "hello by way of a CDN")
  await sees(ann, "hello by way of a CDN")
  const loaded = await ann.page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name))
  const assets = loaded.filter((address) => address.includes("/assets/")).map((address) => new URL(address))
  expect(new Set(assets.map(({ pathname }) => pathname.split(".").at(-1)))).toEqual(new Set(["css", "js"]))
  expect(new Set(assets.map(({ hostname }) => hostname))).toEqual(new Set([CDN]))
}, 60_000)
