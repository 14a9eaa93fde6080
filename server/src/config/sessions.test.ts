import { expect, test } from "bun:test"
import { ConfigError, loadConfig } from "./load.ts"

function problems(set: Record<string, string>): readonly string[] {
  const flags = Object.entries(set).map(([name, text]) => ({
    name: `sessions.${name}`,
    text,
    source: `--set sessions.${name}`,
  }))
  try {
    loadConfig({ env: {}, flags })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const APP_KEY = "base64:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

test("what a framework needs is asked for, all at once and with an example", () => {
  expect(problems({ framework: "php" })).toEqual([])
  expect(problems({ framework: "laravel", store: "redis" })).toEqual([
    expect.stringContaining("sessions.app_key is needed"),
    expect.stringContaining("shop-database-shop-cache-"),
  ])
  expect(problems({ framework: "laravel", app_key: APP_KEY })).toEqual([
    expect.stringContaining("storage/framework/sessions"),
  ])
  expect(problems({ framework: "laravel", app_key: APP_KEY, store: "database" })).toEqual([
    expect.stringContaining("sessions.database_url"),
  ])
  expect(problems({ framework: "laravel", app_key: APP_KEY, store: "cookie" })).toEqual([])
})

test("a store that the framework has not is refused", () => {
  expect(problems({ framework: "php", store: "database" })).toEqual([
    expect.stringContaining("must be one of files, redis, memcached for php, got database"),
  ])
})

test("what php.ini says is taken as it stands, also for several servers", () => {
  const fromFile = (text: string) => loadConfig({ env: {}, flags: [], file: { name: "skein.toml", text } }).settings
  expect(
    fromFile('[sessions]\nredis_urls = "tcp://10.0.0.5:6379?weight=1, tcp://10.0.0.6:6379"').sessions.redisUrls,
  ).toEqual(["tcp://10.0.0.5:6379?weight=1", "tcp://10.0.0.6:6379"])
  expect(
    fromFile('[sessions]\nmemcached_servers = "10.0.0.5:11211,10.0.0.6:11211:2"').sessions.memcachedServers,
  ).toHaveLength(2)
  expect(fromFile('[sessions]\nuser_path = "user.id"').sessions.userPath).toEqual(["user.id"])
  const site = '[[sites]]\nname = "club"\ncallback_url = "http://10.0.0.7/"\ncallback_cookies = "PHPSESSID"'
  expect(fromFile(site).sites?.[0]?.callbackCookies).toEqual(["PHPSESSID"])
})

test("a database in a file is named by its whole path: the first part of any other would be taken for a host", () => {
  const laravel = { framework: "laravel", store: "database", app_key: APP_KEY }
  expect(problems({ ...laravel, database_url: "sqlite:///srv/shop/database.sqlite" })).toEqual([])
  expect(problems({ ...laravel, database_url: "sqlite://database/database.sqlite" })).toEqual([
    expect.stringContaining("sqlite:///the/whole/path"),
  ])
})

test("keys and passwords never appear in problems", () => {
  const said = problems({
    app_key: "short-secret",
    redis_urls: "http://:hidden@host",
    database_url: "oracle://u:hidden@h/d",
  })
  expect(said).toHaveLength(3)
  expect(said.join()).not.toMatch(/short-secret|hidden/)
})
