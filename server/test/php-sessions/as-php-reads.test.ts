import { expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { UnreadableBytes } from "../../src/auth/php/reading.ts"
import { readSession, SERIALIZE_HANDLERS, type SerializeHandler } from "../../src/auth/php/session-handlers.ts"
import { FIXTURES } from "../../src/auth/php/testing/fixtures.ts"
import { mutate, randomFrom, swapValues } from "../../src/auth/php/testing/mutate.ts"
import { temporaryFolder } from "./services.ts"

/**
 * For a hunt: `FUZZ_ROUNDS=500 FUZZ_SEED=7 bun test as-php-reads`. It may end at what no PHP writes: a reference to a value
 * that an equal key behind it replaces is refused by PHP, and is the former value here.
 */
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 60)
const SEED = Number(process.env.FUZZ_SEED ?? 4)
const DECODE = join(import.meta.dir, "decode.php")

/** What PHP makes of each: see decode.php. */
function asPhpReads(handler: SerializeHandler, sessions: readonly Uint8Array[]): readonly string[] {
  const input = sessions.map((bytes) => Buffer.from(bytes).toString("base64")).join("\n")
  const { stdout, status } = spawnSync("php", [DECODE, handler, temporaryFolder()], { input, maxBuffer: 2 ** 28 })
  expect(status).toBe(0)
  return stdout.toString().split("\n")
}

/** The same from our reader; why it refuses, for failures and for what it may refuse. */
function asWeRead(handler: SerializeHandler, bytes: Uint8Array): { readonly answer: string; readonly why?: string } {
  try {
    const id = readSession(handler, bytes).members.get("user_id")
    if (typeof id === "number" || typeof id === "bigint") return { answer: Buffer.from(String(id)).toString("base64") }
    return { answer: id instanceof Uint8Array ? Buffer.from(id).toString("base64") : "-" }
  } catch (error) {
    if (error instanceof UnreadableBytes) return { answer: "refused", why: error.message }
    throw error
  }
}

/** Bytes behind the one value, and numbers of a hundred digits: PHP takes both, nobody writes them, to refuse them is safe. */
const isStricter = (why = "") => /^expected (the end|a number) /.test(why)
const isNobody = (answer: string) => answer === "-" || answer === "refused"

for (const handler of SERIALIZE_HANDLERS)
  test(`${handler}: damaged sessions are whose PHP says they are (seed ${SEED})`, () => {
    const random = randomFrom(SEED)
    const written = FIXTURES.map(({ value_base64: value }) => Buffer.from(value ?? "", "base64"))
    const ours = written.filter((bytes) => bytes.length > 0 && asWeRead(handler, bytes).answer !== "refused")
    // Cases of enums that this PHP has no class for are refused by it, and read by us.
    const verdicts = asPhpReads(handler, ours)
    const seeds = ours.filter((_, index) => verdicts[index] !== "refused" && verdicts[index] !== "thrown")
    expect(seeds.length).toBeGreaterThan(2)
    const damaged = seeds.flatMap((bytes) =>
      Array.from({ length: ROUNDS }, (_, round) =>
        round % 2 === 0 && handler !== "igbinary" ? swapValues(bytes, random) : mutate(bytes, random),
      ),
    )
    const php = asPhpReads(handler, damaged)
    expect(php).toHaveLength(damaged.length)
    for (const [index, bytes] of damaged.entries()) {
      const theirs = php[index] ?? ""
      const { answer, why } = asWeRead(handler, bytes)
      if (theirs === "thrown" || isStricter(why) || (isNobody(theirs) && isNobody(answer))) continue
      expect([answer, why, Buffer.from(bytes).toString("base64")]).toEqual([
        theirs,
        undefined,
        Buffer.from(bytes).toString("base64"),
      ])
    }
  }, 120_000)
