/**
 * Memory of idle subscribed connections, in resident bytes of the server each.
 *
 *   WSLOAD=…/wsload bun bench/idle.ts [connections=15000]
 */
import { startSkein } from "./servers.ts"
import { runWsload } from "./wsload.ts"

const [connections = "15000"] = process.argv.slice(2)
const server = await startSkein()
try {
  const { bytesPerConnection, raw } = await runWsload([
    ...["idle", "--target", `127.0.0.1:${server.port}`, "--proto", "centrifugo", "--channel", "public:bench"],
    ...["-n", connections, "--duration", "10", "--pid", String(server.pid)],
  ])
  console.log(raw.match(/^memory.*$/gm)?.join("\n"))
  console.log(`${connections} idle subscribed connections: ${bytesPerConnection} bytes each`)
} finally {
  await server.stop()
}
