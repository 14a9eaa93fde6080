/**
 * A store child that dies between commit and answer: `kill -9`s itself instead of sending its nth answer to a message,
 * as told by the file beside the database. Used by child.test.ts.
 */
import { existsSync, rmSync } from "node:fs"
import { send, serveStore } from "../child.ts"
import type { SqliteOptions } from "../in-process.ts"

const options = JSON.parse(process.argv[2] ?? "{}") as SqliteOptions
const order = `${options.file}.die`

await serveStore(options, {
  answered: (answer) => {
    const isMessage = answer[1] === 1 && typeof answer[2] === "object" && answer[2] !== null && "message" in answer[2]
    if (isMessage && existsSync(order)) {
      rmSync(order)
      process.kill(process.pid, "SIGKILL")
      return
    }
    send(answer)
  },
})
