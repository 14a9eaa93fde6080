import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { parse } from "smol-toml"
import { closeSettings } from "./config.ts"
import { loadConfig } from "./load.ts"
import { renderReference } from "./reference.ts"
import { renderConfig } from "./render.ts"

const SECRETS = {
  tokenHmacSecret: "t".repeat(20),
  apiKey: "a".repeat(20),
  sessionSecret: "s".repeat(20),
  pusherKey: "p".repeat(20),
  pusherSecret: "q".repeat(20),
}

function rendered(env: Record<string, string>) {
  const loaded = loadConfig({ env, flags: [] })
  const config = closeSettings(loaded.settings, loaded.mode, SECRETS)
  return { config, text: renderConfig(config, loaded.sources), mode: loaded.mode }
}

test("a printed configuration loads again as the same configuration", () => {
  const first = rendered({
    SKEIN_PORT: "1234",
    SKEIN_LIMITS_PING_INTERVAL: "20s",
    SKEIN_SERVER_ORIGINS: "https://a.example",
  })
  const again = loadConfig({ env: {}, flags: [], file: { name: "printed", text: first.text } })
  expect(closeSettings(again.settings, again.mode, SECRETS)).toEqual(first.config)
})

test("each printed value says where it came from, and no secret is printed", () => {
  const { text } = rendered({ SKEIN_PORT: "1234", SKEIN_API_KEY: "hunter2-hunter2-hunter2" })
  expect(text).toContain("port = 1234  # SKEIN_PORT")
  expect(text).toContain('host = "127.0.0.1"  # default')
  expect(text).toContain('# api_keys = ["********"]  # SKEIN_API_KEY, masked')
  expect(text).toContain('# redis_urls = ["********"]  # default, masked')
  // The key of a Pusher app is for everyone to see.
  const { pusherKey: _, ...secrets } = SECRETS
  for (const secret of ["hunter2", ...Object.values(secrets)]) expect(text).not.toContain(secret)
})

test("docs/configuration.md is up to date", () => {
  const page = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8")
  expect(page === renderReference() ? "same" : "run: npx skein config reference > docs/configuration.md").toBe("same")
})

test("the example of the reference page is a valid configuration", () => {
  const [, example = ""] = /```toml\n([^`]*)```/.exec(renderReference()) ?? []
  const { settings } = loadConfig({ env: {}, flags: [], file: { name: "example", text: example } })
  expect(settings.channels).toHaveLength((parse(example).channels as unknown[]).length)
})
