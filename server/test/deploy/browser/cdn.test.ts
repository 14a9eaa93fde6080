import { expect, test } from "bun:test"
import { freePort } from "../../support/ports.ts"
import { TestServer } from "../../support/server.ts"
import { HOST, type HttpBlock, startShippedNginx } from "../support/nginx.ts"
import { BEHIND_PROXY, guest, say, sees } from "./people.ts"
import { site } from "./site.ts"

const CDN = "cdn.example.com"

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

const shop = site("*.example.com", async (stopLater) => {
  const port = await freePort()
  const nginx = stopLater(await startShippedNginx(port, { more: cdn }))
  const env = { ...BEHIND_PROXY, SKEIN_ASSETS_BASE_URL: `https://${CDN}:${nginx.port}` }
  stopLater(await TestServer.start({ port, env }))
  return { nginx }
})

test("scripts and styles come from the CDN, and the page works under its own policy", async () => {
  const ann = await guest(shop.browser, "Ann", `https://${HOST}:${shop.nginx.port}/`)
  await say(ann, "hello by way of a CDN")
  await sees(ann, "hello by way of a CDN")
  const loaded = await ann.page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name))
  const assets = loaded.filter((address) => address.includes("/assets/")).map((address) => new URL(address))
  expect(new Set(assets.map(({ pathname }) => pathname.split(".").at(-1)))).toEqual(new Set(["css", "js"]))
  expect(new Set(assets.map(({ hostname }) => hostname))).toEqual(new Set([CDN]))
}, 60_000)
