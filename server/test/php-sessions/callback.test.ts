import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type CallbackOptions, SiteCallback } from "../../src/auth/callback/callback.ts"
import { sessionIdOf } from "../../src/auth/php/person-in.ts"
import { systemClock } from "../../src/core/clock.ts"
import { type Service, start } from "./services.ts"

const ROOT = join(import.meta.dir, "../../..")
const EXAMPLE = join(ROOT, "examples/whoami")
const OPTIONS: Omit<CallbackOptions, "url"> = {
  timeoutMs: 20_000,
  rememberMs: 5_000,
  maxRemembered: 100,
  cookies: ["PHPSESSID"],
  maxConcurrent: 4,
  failuresToOpen: 5,
  openForMs: 1_000,
}

let site: Service
beforeAll(async () => {
  site = await start("php", (port, folder) => [
    "-S",
    `127.0.0.1:${port}`,
    "-t",
    EXAMPLE,
    "-d",
    `session.save_path=${folder}`,
  ])
}, 60_000)
afterAll(async () => site?.stop())

/** A session in the site's store, as a login leaves it. */
async function session(id: string, text: string): Promise<string> {
  await Bun.write(join(site.folder, `sess_${id}`), text)
  return `PHPSESSID=${id}`
}

test("whoami.php says whose a cookie is, with name and picture, or that nobody is logged in", async () => {
  const callback = new SiteCallback(
    { ...OPTIONS, url: `http://127.0.0.1:${site.port}/whoami.php` },
    systemClock,
    () => undefined,
  )
  const id = "7e1ej24k4t54sdgk6uuntucprv"
  const member = await session(id, 'user_id|i:42;user_name|s:6:"张伟";user_avatar|s:7:"/42.png";')
  expect(await callback.whoIs(`theme=dark; ${member}`)).toEqual({
    kind: "known",
    person: { userId: "42", name: "张伟", avatar: "/42.png" },
    sessionId: sessionIdOf(id),
  })
  const nameless = await session("2gk0c1b5vdd7mh7fk3rjq4cs7s", 'user_id|s:2:"43";')
  expect(await callback.whoIs(nameless)).toMatchObject({ kind: "known", person: { userId: "43" } })
  expect((await callback.whoIs(await session("5dnpqqd503g4r28au6nqk2v510", "cart|a:0:{}"))).kind).toBe("nobody")
  expect((await callback.whoIs("PHPSESSID=neverseen")).kind).toBe("nobody")
})

test("whoami.php is ten lines, and the guides show them", () => {
  const file = readFileSync(join(EXAMPLE, "whoami.php"), "utf8")
  expect(file.trimEnd().split("\n")).toHaveLength(10)
  for (const guide of ["php-sessions.md", "php-sessions.zh-CN.md"])
    expect(readFileSync(join(ROOT, "docs/guides", guide), "utf8")).toContain(file)
})

test("a page that is not there says so", async () => {
  const callback = new SiteCallback(
    { ...OPTIONS, url: `http://127.0.0.1:${site.port}/missing.php` },
    systemClock,
    () => undefined,
  )
  const failure = await callback.whoIs("PHPSESSID=abc").catch((error: Error) => error.cause)
  expect(String(failure)).toContain("it answered 404")
})
