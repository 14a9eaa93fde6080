// The launcher, around the small server.
import { join } from "node:path"
import { launch } from "../../bin/launch.mjs"

launch(process.argv.slice(2), join(import.meta.dirname, "small-server.ts"))
