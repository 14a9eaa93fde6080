import { expect, test } from "bun:test"
import { closeSettings, type Secrets } from "./config.ts"
import { ConfigError, loadConfig } from "./load.ts"
import { renderConfig } from "./render.ts"

const SECRETS: Secrets = {
  tokenHmacSecret: "t".repeat(32),
  apiKey: "a".repeat(32),
  sessionSecret: "s".repeat(32),
  pusherKey: "k".repeat(20),
  pusherSecret: "p".repeat(32),
}

const load = (text: string) => loadConfig({ env: {}, flags: [], file: { name: "skein.toml", text } })
const sitesOfApps = (text: string) =>
  closeSettings(load(text).settings, "development", SECRETS).pusherApps.map(({ site }) => site)

function problems(text: string): readonly string[] {
  try {
    load(text)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const app = (id: string, more = "") =>
  `[[pusher_apps]]\nid = "${id}"\nkey = "key-of-${id}"\nsecret = "secret-of-the-app-${id}"\n${more}\n`
const CLUB = '[[sites]]\nname = "club"\nframework = "php"\n'
const MAIN = '[sessions]\nframework = "php"\n'

test("the app that shares its channels knows the users of the main site, if there is one; others none", () => {
  expect(sitesOfApps("")).toEqual(["none"])
  expect(sitesOfApps(MAIN)).toEqual(["main"])
  expect(sitesOfApps('[callback]\nurl = "http://127.0.0.1/who"\n')).toEqual(["main"])
  expect(sitesOfApps(MAIN + app("a") + app("b"))).toEqual(["none", "none"])
  expect(sitesOfApps(MAIN + app("a", 'site = "none"'))).toEqual(["none"])
  expect(sitesOfApps(CLUB + app("a", 'site = "club"') + app("b", "shares_channels = true"))).toEqual(["club", "none"])
})

test("what a site lacks, sites of one name, and names nobody has are said at once", () => {
  expect(problems(`${CLUB}store = "database"\n`)).toEqual([
    "sites [0] (club): store must be one of files, redis, memcached for php, got database (from skein.toml)",
  ])
  expect(problems(CLUB + CLUB)).toEqual(["sites [1] (club): there is another one of this name (from skein.toml)"])
  expect(problems('[[sites]]\nname = "club"\n')[0]).toContain("set framework or callback_url")
  expect(problems('[[sites]]\nname = "main"\nframework = "php"\n')[0]).toContain("sites[0].name must be")
  expect(problems(app("a", 'site = "clubb"'))[0]).toContain('names the site "clubb" in the app a')
})

test("own channels that all users, or several, would share are refused", () => {
  for (const name of [
    "private-user.*",
    "private-all",
    "public-{user}",
    "private-encrypted-{user}",
    "private-{user}-{user}",
  ])
    expect(problems(app("a", `own_channels = ["${name}"]`))[0]).toContain("own_channels must be")
  expect(problems(app("a", 'own_channels = ["presence-desk-{user}", "private-u.{user}.orders"]'))).toEqual([])
})

test("the printed configuration shows no key of a site", () => {
  const { settings, sources } = load(
    '[[sites]]\nname = "club"\nframework = "laravel"\nprefix = "x"\nstore = "redis"\napp_key = "base64:hunter2hunter2hunter2"\n',
  )
  const text = renderConfig(closeSettings(settings, "development", SECRETS), sources)
  expect(text).toContain("[[sites]]")
  expect(text).not.toContain("hunter2")
})
