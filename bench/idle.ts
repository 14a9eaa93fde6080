/**
 * Memory of idle subscribed connections, in resident bytes of the server each, by protocol.
 *
 *   WSLOAD=…/wsload bun bench/idle.ts [connections=15000] [centrifuge|plain|pusher]
 */
import { startSkein } from "./servers.ts"
import { runWsload } from "./wsload.ts"

const CHANNEL = "public:bench"

const PUSHER_APP = { id: "bench", key: "bench-key", secret: "bench-secret-0123456789" }

const PROTOCOLS: Readonly<Record<string, readonly string[]>> = {
  centrifuge: ["--proto", "centrifugo", "--channel", CHANNEL],
  plain: [
    ...["--proto", "template", "--path", "/websocket"],
    ...["--init", JSON.stringify({ type: "subscribe", channel: CHANNEL }), "--ready", '{"type":"subscribed"'],
  ],
  pusher: ["--proto", "pusher", "--channel", "bench", "--key", PUSHER_APP.key],
}

const [connections = "15000", protocol = "centrifuge"] = process.argv.slice(2)
const how = PROTOCOLS[protocol]
if (!how) throw new Error(`no such protocol: ${protocol}; there are ${Object.keys(PROTOCOLS).join(", ")}`)

const server = await startSkein({ SKEIN_PUSHER_APPS: JSON.stringify([PUSHER_APP]) })
try {
  const { bytesPerConnection, raw } = await runWsload([
    ...["idle", "--target", `127.0.0.1:${server.port}`, ...how],
    ...["-n", connections, "--duration", "10", "--pid", String(server.pid)],
  ])
  console.log(raw.match(/^memory.*$/gm)?.join("\n"))
  console.log(`${connections} idle subscribed connections of ${protocol}: ${bytesPerConnection} bytes each`)
} finally {
  await server.stop()
}
