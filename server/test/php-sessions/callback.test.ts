import { afterAll, beforeAll, expect, test } from "bun:test"
import { join } from "node:path"
import { type CallbackOptions, SiteCallback } from "../../src/auth/callback/callback.ts"
import { sessionIdOf } from "../../src/auth/php/person-in.ts"
import { systemClock } from "../../src/gateway/clock.ts"
import { type Service, start } from "./services.ts"

const EXAMPLE = join(import.meta.dir, "../../../examples/whoami")
const OPTIONS: Omit<CallbackOptions, "url"> = {
  timeoutMs: 5_000,
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

test("whoami.php, the ten lines of the guide, says who a cookie is and who is nobody", async () => {
  const callback = new SiteCallback(
    { ...OPTIONS, url: `http://127.0.0.1:${site.port}/whoami.php` },
    systemClock,
    () => undefined,
  )
  const id = "7e1ej24k4t54sdgk6uuntucprv"
  expect(await callback.whoIs(`theme=dark; ${await session(id, 'user_id|i:42;user_name|s:6:"张伟";')}`)).toEqual({
    kind: "known",
    person: { userId: "42", name: "张伟" },
    sessionId: sessionIdOf(id),
  })
  expect((await callback.whoIs(await session("5dnpqqd503g4r28au6nqk2v510", "cart|a:0:{}"))).kind).toBe("nobody")
  expect((await callback.whoIs("PHPSESSID=neverseen")).kind).toBe("nobody")
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
