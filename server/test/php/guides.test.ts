import { expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryFolder } from "../cli/program.ts"
import { runInPackage } from "./run.ts"

const ROOT = join(import.meta.dir, "../../..")
const GUIDES = ["plain-php", "php-sessions", "laravel", "thinkphp", "moving-from-pusher"].flatMap((name) => [
  name,
  `${name}.zh-CN`,
])

interface PhpBlock {
  readonly guide: string
  readonly source: string | undefined
  readonly code: string
}

const blocks: PhpBlock[] = GUIDES.flatMap((guide) => {
  const text = readFileSync(join(ROOT, `docs/guides/${guide}.md`), "utf8")
  return [...text.matchAll(/^```php(?: [^\n]*?)?(?:in=(\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, source, code = ""]): PhpBlock => ({ guide, source, code }),
  )
})

test("what a guide shows as part of an example stands there, word for word", () => {
  const lines = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
  const shown = blocks.filter(({ source }) => source !== undefined)
  expect(new Set(shown.map(({ guide }) => guide))).toContain("laravel")
  for (const { source = "", code } of shown) {
    const example = lines(readFileSync(join(ROOT, source), "utf8")).join("\n")
    expect(example).toContain(lines(code).join("\n"))
  }
})

test("every piece of PHP in the guides can be parsed", async () => {
  const file = join(temporaryFolder(), "block.php")
  expect(blocks.length).toBeGreaterThan(30)
  for (const { guide, code } of blocks) {
    writeFileSync(file, made(code))
    const { code: status, output } = await runInPackage(["php", "-l", file])
    expect([guide, code, status, output]).toEqual([guide, code, 0, expect.any(String)])
  }
}, 60_000)

/** What is shown without what is around it: the entry of an array, the method of a class. */
function made(code: string): string {
  if (code.startsWith("<?php")) return code
  if (/^\s*'/.test(code)) return `<?php return [${code}];`
  const method = code.search(/^public function/m)
  return method < 0 ? `<?php ${code}` : `<?php ${code.slice(0, method)} class Shown { ${code.slice(method)} }`
}
