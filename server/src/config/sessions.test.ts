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

test("keys and passwords never appear in problems", () => {
  const said = problems({
    app_key: "short-secret",
    redis_urls: "http://:hidden@host",
    database_url: "oracle://u:hidden@h/d",
  })
  expect(said).toHaveLength(3)
  expect(said.join()).not.toMatch(/short-secret|hidden/)
})
