/** A store child whose database takes no writes, as on a file system that was remounted read-only. */
import { serveStore } from "../child.ts"
import type { SqliteOptions } from "../in-process.ts"

const options = JSON.parse(process.argv[2] ?? "{}") as SqliteOptions
await serveStore(options, { opened: (database) => database.run("pragma query_only = on") })
