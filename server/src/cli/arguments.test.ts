import { expect, test } from "bun:test"
import { CONFIG_FLAGS, readArguments } from "./arguments.ts"
import { CliError, EXIT } from "./exit.ts"
import { readConfig } from "./read-config.ts"

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.usage) return error.message
    throw error
  }
  throw new Error("it was accepted")
}

const read = (...args: string[]) => readArguments(args, CONFIG_FLAGS)

test("flags are read in both spellings, and --set as often as given", () => {
  const { flags, positionals } = read("--port", "1", "--host=h", "--set", "a=1", "--set=b=2", "rest")
  expect(Object.fromEntries(flags)).toEqual({ port: ["1"], host: ["h"], set: ["a=1", "b=2"] })
  expect(positionals).toEqual(["rest"])
})

test("unknown, repeated and empty flags are refused with advice", () => {
  expect(refusal(() => read("--prot", "1"))).toContain("did you mean --port?")
  expect(refusal(() => read("--port", "1", "--port", "2"))).toBe("--port is given twice")
  expect(refusal(() => read("--port"))).toBe("--port needs a value, like --port=…")
  expect(refusal(() => readConfig(read("--set", "drain.window"), {}))).toBe(
    '--set takes name=value, got "drain.window"',
  )
})

test("the value of --set may contain equals signs, and --port wins over it", () => {
  const { settings, sources } = readConfig(
    read("--set", "auth.audience=a=b", "--set", "server.port=1", "--port", "2", "--config", "/dev/null"),
    {},
  )
  expect(settings.auth.audience).toBe("a=b")
  expect(settings.server.port).toBe(2)
  expect(sources.get("server.port")).toBe("--port")
})

test("a configuration file that was named must exist", () => {
  expect(() => readConfig(read("--config", "/nowhere/skein.toml"), {})).toThrow(
    "cannot read the configuration /nowhere/skein.toml (from --config): there is no such file (ENOENT)",
  )
  expect(() => readConfig(read(), { SKEIN_CONFIG: "/nowhere/else.toml" })).toThrow("/nowhere/else.toml")
})
