import { expect, test } from "bun:test"
import { SETTINGS } from "./catalogue.ts"
import { closeSettings } from "./config.ts"
import { ConfigError, type ConfigSources, loadConfig } from "./load.ts"

const SECRETS = {
  tokenHmacSecret: "t".repeat(20),
  apiKey: "a".repeat(20),
  sessionSecret: "s".repeat(20),
  pusherKey: "p".repeat(20),
  pusherSecret: "q".repeat(20),
}

function load(given: { toml?: string; env?: Record<string, string>; flags?: Record<string, string> } = {}) {
  const sources: ConfigSources = {
    env: given.env ?? {},
    flags: Object.entries(given.flags ?? {}).map(([name, text]) => ({ name, text, source: `--set ${name}` })),
    ...(given.toml === undefined ? {} : { file: { name: "skein.toml", text: given.toml } }),
  }
  return loadConfig(sources)
}

function problems(given: Parameters<typeof load>[0]): readonly string[] {
  try {
    load(given)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error("the configuration was accepted")
}

const close = (given: Parameters<typeof load>[0] = {}) => {
  const loaded = load(given)
  return closeSettings(loaded.settings, loaded.mode, SECRETS)
}

test("with nothing configured the server is in development mode on loopback and open to guests there", () => {
  const config = close()
  expect(config.mode).toBe("development")
  expect(config.server.host).toBe("127.0.0.1")
  expect(config.auth).toMatchObject({ guests: "loopback", trustUserId: "loopback", allowAnonymous: true })
  expect(config.auth.apiKeys).toEqual([SECRETS.apiKey])
  expect(config.channels.map(({ pattern }) => pattern)).toEqual(["public:*", "stream:*", "open:*", "*"])
})

test("on any other address nothing is open that is not configured", () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.7", "skein.example"]) {
    const config = close({ env: { SKEIN_HOST: host } })
    expect(config.mode).toBe("production")
    expect(config.auth).toMatchObject({ guests: "off", trustUserId: "off", allowAnonymous: false })
    expect(config.channels).toEqual([])
    expect(config.chat.createRooms).toBe("users")
  }
})

test("one user's connections are bounded in production, or where the configuration says so", () => {
  const perUser = (toml: string) => close({ toml }).limits.maxConnectionsPerUser
  expect(perUser("[limits]\nmax_connections = 500")).toBe(500)
  expect(perUser('mode = "production"')).toBe(64)
  expect(perUser("[limits]\nmax_connections_per_user = 3")).toBe(3)
})

test("trusted proxies mean strangers come through loopback, so that is production", () => {
  expect(load({ toml: '[server]\ntrusted_proxies = ["127.0.0.1"]' }).mode).toBe("production")
})

test("development mode is refused away from loopback", () => {
  expect(problems({ env: { SKEIN_HOST: "0.0.0.0", SKEIN_MODE: "development" } })).toEqual([
    'mode cannot be "development" on 0.0.0.0: it lets guests in without keys and is for loopback only. For guests from elsewhere set auth.guests = "anywhere" instead (from SKEIN_MODE and SKEIN_HOST)',
  ])
})

test("flags win over the environment, which wins over the file, which wins over the defaults", () => {
  const toml = "[server]\nport = 1001\n[limits]\nmax_channel_length = 100\nmax_frame_bytes = 200000"
  const loaded = load({
    toml,
    env: { SKEIN_PORT: "1002", SKEIN_LIMITS_MAX_FRAME_BYTES: "300000" },
    flags: { "server.port": "1003" },
  })
  expect(loaded.settings.server.port).toBe(1003)
  expect(loaded.settings.limits.maxFrameBytes).toBe(300_000)
  expect(loaded.settings.limits.maxChannelLength).toBe(100)
  expect(loaded.settings.limits.maxHistoryPage).toBe(1_000)
  expect(Object.fromEntries(loaded.sources)).toEqual({
    "server.port": "--set server.port",
    "limits.max_frame_bytes": "SKEIN_LIMITS_MAX_FRAME_BYTES",
    "limits.max_channel_length": "skein.toml",
  })
})

test("every setting can be set by its environment variables and by its flag", () => {
  const samples = {
    integer: "1234",
    duration: "9s",
    flag: "false",
    texts: "https://a.example",
    tables: "[]",
    text: "x",
    choice: "?",
  }
  const special: Record<string, string> = {
    mode: "production",
    "server.port": "1234",
    "server.trusted_proxies": "10.0.0.0/8",
    "auth.token_hmac_secrets": "0123456789abcdef",
    "auth.api_keys": "0123456789abcdef",
    "auth.session_secret": "0123456789abcdef",
    "auth.token_public_keys": "-----BEGIN PUBLIC KEY-----\nabc",
    "auth.jwks_url": "https://a.example/jwks",
    "auth.subscription_jwks_url": "https://a.example/jwks",
    "auth.subscription_token_hmac_secrets": "0123456789abcdef",
    "auth.subscription_token_public_keys": "-----BEGIN PUBLIC KEY-----\nabc",
    "auth.guests": "off",
    "auth.trust_user_id": "off",
    "sessions.framework": "php",
    "sessions.store": "redis",
    "sessions.folder_depth": "2",
    "sessions.redis_urls": "redis://a.example/1",
    "sessions.memcached_servers": "a.example:11211",
    "sessions.database_url": "mysql://a.example/shop",
    "sessions.handler": "igbinary",
    "sessions.serialization": "json",
    "sessions.app_key": "0123456789abcdef",
    "sessions.previous_keys": "0123456789abcdef",
    "sessions.cipher": "AES-256-GCM",
    "callback.url": "https://a.example/whoami",
    "callback.failures_to_open": "12",
    "broker.durability": "fsync",
    "broker.max_queued_bytes": "2000000",
    "chat.default_rooms": "tea,coffee",
    "chat.create_rooms": "nobody",
    "chat.forget_guests_after": "9d",
    "plain.language": "zh-CN",
    "assets.base_url": "https://cdn.example/skein",
    "log.level": "debug",
    "log.format": "json",
    "pusher.path_prefix": "/realtime",
    "limits.max_channel_length": "99",
    "limits.max_frame_bytes": "200000",
    "limits.max_request_bytes": "200000",
    "limits.max_outbound_bytes": "200000",
    "limits.idle_timeout": "90s",
    "limits.ping_interval": "20s",
  }
  for (const setting of SETTINGS) {
    const text = special[setting.name] ?? samples[setting.doc.kind]
    const byFlag = load({ flags: { [setting.name]: text } })
    expect(byFlag.sources.get(setting.name)).toBe(`--set ${setting.name}`)
    for (const variable of setting.env) {
      const byEnvironment = load({ env: { [variable]: text } })
      expect(byEnvironment.sources.get(setting.name)).toBe(variable)
      expect(byEnvironment.settings).toEqual(byFlag.settings)
    }
  }
})

test("all problems are reported at once, each with what was expected, what came and where from", () => {
  const toml = `
data = 5
[server]
prot = 80
[limits]
ping_interval = 25
max_frame_bytes = 12
[lmits]
x = 1
[[channels]]
pattern = "chat:secret"
[[channels]]
pattern = "news"
histroy_size = 5
subscribe = "everyone"
`
  const found = problems({ toml, env: { SKEIN_PORT: "http", SKEIN_LOG_LEVL: "info" }, flags: { "drain.windw": "1s" } })
  expect(found).toEqual([
    "skein.toml: server.prot is not a setting (did you mean server.port?)",
    "skein.toml: lmits is not a setting (did you mean limits?)",
    "skein.toml: channels[1].histroy_size is not a setting (did you mean history_size?)",
    "SKEIN_LOG_LEVL is not a setting (did you mean SKEIN_LOG_LEVEL?)",
    "--set drain.windw: drain.windw is not a setting (did you mean drain.window?)",
    "data must be a path, got 5 (from skein.toml)",
    'server.port must be a whole number from 0 to 65535, got "http" (from SKEIN_PORT)',
    'channels[0].pattern must be a channel name of printable ASCII, `*` only at its end, and not `chat:…` (the chat\'s own), got "chat:secret" (from skein.toml)',
    'channels[1].subscribe must be one of "anyone", "user", "token", "nobody", got "everyone" (from skein.toml)',
    "limits.max_frame_bytes must be a whole number from 1024 to 16777216 bytes, got 12 (from skein.toml)",
    'limits.ping_interval must be a duration from 1s to 10m, written with its unit like "25s", got 25 (from skein.toml)',
  ])
})

test("settings that contradict each other are refused", () => {
  expect(problems({ toml: '[limits]\nping_interval = "5s"\nidle_timeout = "8s"' })[0]).toStartWith(
    "limits.pong_timeout must be below limits.ping_interval (5s), got 8s",
  )
  expect(problems({ toml: '[[channels]]\npattern = "a"\nrecovery = true\n[[channels]]\npattern = "a"' })).toEqual([
    "channels [0] (a) has recovery without history: set history_size, for example 1000 (from skein.toml)",
    "channels has two rules for a: keep one (from skein.toml)",
  ])
})

test("a pattern for aud or iss must be a regular expression", () => {
  expect(problems({ toml: '[auth]\naudience_pattern = "("\nissuer_pattern = "(["' })).toEqual([
    "auth.audience_pattern must be a regular expression (from skein.toml)",
    "auth.issuer_pattern must be a regular expression (from skein.toml)",
  ])
})

test("a host is an address or a name, and nothing around it", () => {
  for (const host of ["::", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "127.0.0.1", "chat.internal", "localhost"])
    expect(load({ flags: { mode: "production", "server.host": host } }).settings.server.host).toBe(host)
  for (const host of ["[::1]", "127.0.0.1:9000", "chat.internal:80", "http://chat.internal", "a b", ""])
    expect(problems({ toml: `[server]\nhost = "${host}"` })[0]).toStartWith("server.host must be an address")
})

test("secrets never appear in problems", () => {
  const [short] = problems({ env: { SKEIN_API_KEY: "hunter2", SKEIN_MODE: "production" } })
  expect(short).not.toContain("hunter2")
  expect(short).toContain("has one of 7 characters")
  const [text] = problems({ env: { SKEIN_AUTH_SESSION_SECRET: "hunter2" } })
  expect(text).not.toContain("hunter2")
  expect(text).toContain("a text of 7 characters")
})

test("a single secret is taken as it is, a list of them is separated by commas", () => {
  const one = "a secret, with a comma in it"
  expect(close({ env: { SKEIN_TOKEN_HMAC_SECRET: one } }).auth.tokenHmacSecrets).toEqual([one])
  const two = ["0123456789abcdef", "fedcba9876543210"]
  expect(close({ env: { SKEIN_AUTH_TOKEN_HMAC_SECRETS: two.join(", ") } }).auth.tokenHmacSecrets).toEqual(two)
})

test("what has a short variable has a short name in the file and after --set, outside of any section", () => {
  const toml = 'port = 1234\nhost = "localhost"\ndata = "x"\napi_key = "a, b"\ntoken_hmac_secret = "secret"\n'
  const { server, auth, data } = close({ toml })
  expect(server).toMatchObject({ port: 1_234, host: "localhost" })
  expect([auth.apiKeys, auth.tokenHmacSecrets, data]).toEqual([["a, b"], ["secret"], "x"])
  const flags = { port: "77", api_key: "c, d" }
  const over = close({ toml, flags })
  expect([over.server.port, over.auth.apiKeys]).toEqual([77, ["c, d"]])
  expect(problems({ toml: `${toml}[server]\nport = 5\n[auth]\napi_key = "e"` })).toEqual([
    "skein.toml: port and server.port set the same thing: keep one",
    "skein.toml: auth.api_key is not a setting (did you mean auth.api_keys?)",
  ])
  expect(problems({ toml: "api_key = 5" })).toEqual([
    "auth.api_keys must be a list of keys, in production of 16 characters or more, got a number (from skein.toml)",
  ])
})

test("two variables for the same setting are refused", () => {
  expect(problems({ env: { SKEIN_PORT: "1", SKEIN_SERVER_PORT: "2" } })).toEqual([
    "SKEIN_PORT and SKEIN_SERVER_PORT set the same thing: keep one",
  ])
})

test("what Kubernetes puts into the environment of a Service called skein is understood", () => {
  expect(load({ env: { SKEIN_SERVICE_HOST: "10.0.0.1", SKEIN_PORT_8000_TCP_ADDR: "10.0.0.1" } }).mode).toBe(
    "development",
  )
  expect(problems({ env: { SKEIN_PORT: "tcp://10.0.0.1:8000" } })[0]).toContain("enableServiceLinks: false")
})

test("an empty variable counts as not set", () => {
  expect(load({ env: { SKEIN_PORT: "" } }).settings.server.port).toBe(8_080)
})

test("a file that is not TOML is refused with its line", () => {
  expect(problems({ toml: "[server]\nport = = 5" })[0]).toMatch(/^skein\.toml, line 2, column \d+: not TOML: /)
})

test("a channel rule has recovery when it has history", () => {
  const { channels } = close({
    toml: '[[channels]]\npattern = "a"\nhistory_size = 5\nhistory_ttl = "1h"\n[[channels]]\npattern = "b"',
  })
  expect(channels[0]).toEqual({
    pattern: "a",
    historySize: 5,
    historyTtlMs: 3_600_000,
    durability: "disk",
    recovery: true,
    presence: false,
    joinLeave: false,
    subscribe: "token",
    publish: "nobody",
    read: "subscriber",
    echo: true,
    binary: false,
  })
  expect(channels[1]?.recovery).toBe(false)
})

test("a rule for presence channels keeps their members unless it says otherwise", () => {
  const rule = (pattern: string, more = "") => {
    const [found] = close({ toml: `[[channels]]\npattern = "${pattern}"\nhistory_size = 5\n${more}` }).channels
    return [found?.presence, found?.joinLeave]
  }
  for (const pattern of ["presence-room.*", "presence-*", "presence-cache-x", "app:shop:presence-room.1"])
    expect(rule(pattern)).toEqual([true, true])
  for (const pattern of ["*", "presence", "private-presence-*", "shop:presence-x"])
    expect(rule(pattern)).toEqual([false, false])
  expect(rule("presence-room.*", "presence = false")).toEqual([false, true])
})

test("channel rules can come as JSON from the environment, with the same checks", () => {
  const { channels } = close({ env: { SKEIN_CHANNELS: '[{"pattern":"news","history_size":10}]' } })
  expect(channels[0]).toMatchObject({ pattern: "news", historySize: 10, recovery: true })
  expect(problems({ env: { SKEIN_CHANNELS: '[{"pattern":"news","histry_size":10}]' } })[0]).toContain(
    "did you mean history_size?",
  )
  expect(problems({ env: { SKEIN_CHANNELS: "news" } })[0]).toContain("not JSON")
})

test("keys may be as short as in the examples of the SDKs, in production they may not", () => {
  const toml = '[auth]\napi_keys = ["test-api-key"]\ntoken_hmac_secrets = ["secret"]\n'
  expect(close({ toml }).auth).toMatchObject({ apiKeys: ["test-api-key"], tokenHmacSecrets: ["secret"] })
  const why = "in production mode it must have 16 or more. Make one: openssl rand -hex 16 (from skein.toml)"
  expect(problems({ toml: `mode = "production"\n${toml}subscription_token_hmac_secrets = ["s"]\n` })).toEqual([
    `auth.token_hmac_secrets has one of 6 characters: ${why}`,
    `auth.subscription_token_hmac_secrets has one of 1 characters: ${why}`,
    `auth.api_keys has one of 12 characters: ${why}`,
  ])
  expect(problems({ toml: '[auth]\napi_keys = [""]' })).toHaveLength(1)
})

test("the key and secret of a Pusher app may be as short as soketi's, in production its secret may not", () => {
  const toml = '[[pusher_apps]]\nid = 1\nkey = "app-key"\nsecret = "app-secret"\nmore_keys = ["k:s"]\n'
  expect(close({ toml }).pusherApps[0]).toMatchObject({ id: "1", key: "app-key", secret: "app-secret" })
  const why = "in production mode it must have 16 or more. Make one: openssl rand -hex 16 (from skein.toml)"
  expect(problems({ toml: `mode = "production"\n${toml}` })).toEqual([
    `pusher_apps has a secret of 10 characters in app 1: ${why}`,
    `pusher_apps has a secret of 1 characters in app 1: ${why}`,
  ])
  const long = toml.replace("app-secret", "0123456789abcdef").replace("k:s", "k:0123456789abcdef")
  expect(load({ toml: `mode = "production"\n${long}` }).mode).toBe("production")
  const empty = '[[pusher_apps]]\nid = "1"\nkey = ""\nsecret = ""\n'
  expect(problems({ toml: empty })).toHaveLength(2)
})

test("one Pusher app needs three variables and no list", () => {
  const env = { SKEIN_PUSHER_APP_ID: "7", SKEIN_PUSHER_APP_KEY: "app-key", SKEIN_PUSHER_APP_SECRET: "app-secret" }
  const [app, ...more] = close({ env }).pusherApps
  expect(app).toMatchObject({ id: "7", key: "app-key", secret: "app-secret", sharesChannels: true })
  expect(more).toEqual([])
  expect(close({ env: { SKEIN_PUSHER_APP_KEY: "app-key" } }).pusherApps).toMatchObject([
    { id: "skein", key: "app-key", secret: SECRETS.pusherSecret },
  ])
  expect(close({ toml: '[pusher]\napp_id = 7\napp_key = "k"\napp_secret = "s"' }).pusherApps).toMatchObject([
    { id: "7", key: "k", secret: "s" },
  ])
  expect(problems({ env: { ...env, SKEIN_MODE: "production" } })).toEqual([
    "pusher.app_secret has 10 characters: in production mode it must have 16 or more. Make one: openssl rand -hex 16 (from SKEIN_PUSHER_APP_SECRET)",
  ])
  const listed = '[[pusher_apps]]\nid = "1"\nkey = "k"\nsecret = "s"'
  expect(problems({ toml: listed, env: { SKEIN_PUSHER_APP_KEY: "app-key" } })).toEqual([
    "pusher.app_key is of the one app there is without pusher_apps: name that app there, or leave pusher_apps out (from SKEIN_PUSHER_APP_KEY and skein.toml)",
  ])
})

test("events of a Pusher app may not be larger than any publication", () => {
  const app = '[[pusher_apps]]\nid = "1"\nkey = "k"\nsecret = "s"\n'
  expect(problems({ toml: `${app}max_event_bytes = 200000` })).toEqual([
    "pusher_apps allows events of 200000 bytes in app 1, but a publication may have 131072: raise limits.max_payload_bytes (and limits.max_frame_bytes, limits.max_request_bytes) too (from skein.toml)",
  ])
  const limits = "[limits]\nmax_payload_bytes = 262144\nmax_frame_bytes = 262144"
  expect(load({ toml: `${app}max_event_bytes = 200000\n${limits}` }).settings.pusherApps).toHaveLength(1)
  expect(load({ toml: `${app}[limits]\nmax_payload_bytes = 1000` }).settings.pusherApps).toHaveLength(1)
})
