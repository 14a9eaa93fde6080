import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { SignJWT } from "jose"
import { sessionIdOf } from "../../src/auth/php/person-in.ts"
import { Person } from "../chat/person.ts"
import { API_KEY, TestServer, TOKEN_SECRET } from "../support/server.ts"
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
  }, 60_000)

const GUIDES = join(import.meta.dir, "../../../docs/guides")

/** Calls the guide's function, which needs no package. */
async function end(guide: string, whom: string): Promise<void> {
  const [shown] = /^function skeinEnd[\s\S]*?^}$/m.exec(readFileSync(join(GUIDES, guide), "utf8")) ?? []
  const code = `${shown?.replace("127.0.0.1:8080", new URL(server.url).host)} skeinEnd(${whom});`
  const php = Bun.spawn(["php", "-r", code], { env: { ...process.env, SKEIN_API_KEY: API_KEY }, stderr: "pipe" })
  expect([await new Response(php.stderr).text(), await php.exited]).toEqual(["", 0])
}

for (const guide of ["php-sessions.md", "php-sessions.zh-CN.md"])
  for (const [what, user] of [
    ["session", `s-${guide}`],
    ["user", `u-${guide}`],
  ] as const)
    test(`${guide}, skeinEnd by ${what}: a login of the chat by ticket is over, also when no page of it is open`, async () => {
      const sid = `login-of-${user}`
      const ticket = await new SignJWT({ sid })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(user)
        .setIssuedAt()
        .sign(new TextEncoder().encode(TOKEN_SECRET))
      const shared = new Person(server)
      await shared.signIn({ token: ticket })
      expect((await shared.session("GET")).user?.id).toBe(user)
      await end(guide, what === "user" ? `['user' => '${user}']` : `['session' => '${sid}']`)
      expect((await shared.session("GET")).user).toBeNull()
      if (what === "session") await expect(new Person(server).signIn({ token: ticket })).rejects.toThrow("401")
    }, 60_000)
