import { afterAll, beforeAll, expect, test } from "bun:test"
import { join } from "node:path"
import { sessionIdOf } from "../../src/auth/php/person-in.ts"
import { API_KEY, TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { browser } from "./browser.ts"
import { type Service, start } from "./services.ts"

const EXAMPLE = join(import.meta.dir, "../../../examples/whoami")
const ID = "7e1ej24k4t54sdgk6uuntucprv"

let site: Service
let server: TestServer
beforeAll(async () => {
  const page = (port: number, folder: string) => [
    ...["-S", `127.0.0.1:${port}`, "-t", EXAMPLE],
    ...["-d", `session.save_path=${folder}`, "-d", "session.use_strict_mode=1"],
  ]
  site = await start("php", page)
  server = await TestServer.start({
    env: {
      SKEIN_CALLBACK_URL: `http://127.0.0.1:${site.port}/whoami.php`,
      SKEIN_CALLBACK_REMEMBER: "10m",
      SKEIN_AUTH_ALLOW_ANONYMOUS: "false",
    },
  })
}, 60_000)
afterAll(async () => {
  await server?.stop()
  await site?.stop()
})

async function login(): Promise<void> {
  await Bun.write(join(site.folder, `sess_${ID}`), 'user_id|i:42;user_name|s:6:"张伟";')
}

async function disconnect(whom: Record<string, string>): Promise<void> {
  const answer = await fetch(`${server.url}/api/disconnect`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": API_KEY },
    body: JSON.stringify(whom),
  })
  expect(answer.status).toBe(200)
}

for (const whom of [{ session: sessionIdOf(ID) }, { user: "42" }] as Record<string, string>[])
  test(`disconnect by ${Object.keys(whom)}: closed at once, and what the site said before is not believed again`, async () => {
    await login()
    const { client, seen } = browser(server, { cookie: `PHPSESSID=${ID}` })
    client.connect()
    await until(() => seen.connected === 1, "connected")

    // The site's own logout, and then its request to us.
    await Bun.file(join(site.folder, `sess_${ID}`)).delete()
    await disconnect(whom)
    await until(() => client.state === "disconnected", "closed")

    const again = browser(server, { cookie: `PHPSESSID=${ID}` })
    again.client.connect()
    await until(() => again.client.state === "disconnected", "refused: nobody is logged in")
    expect(again.seen.connected).toBe(0)
  }, 30_000)
