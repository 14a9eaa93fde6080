// bin/check: everything that must be true of the repository beside its tests.
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { CHECKS, runCheck } from "./checks.mjs"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const failed = CHECKS.filter((check) => !runCheck(root, check))
if (failed.length > 0) console.error(`not fulfilled: ${failed.map(({ name }) => name).join(", ")}`)
process.exit(failed.length > 0 ? 1 : 0)
