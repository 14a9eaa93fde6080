import { createServer } from "node:net"
import type { Settings } from "../../../config/schema.ts"
import { type Finding, ok, problem } from "../finding.ts"

/** Whether a server may listen where the configuration says. For when none runs: listens there for a moment itself. */
export async function checkPort({ host, port }: Settings["server"]): Promise<Finding[]> {
  if (port === 0) return []
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`
  const code = await refusal(host, port)
  if (code === undefined) return [ok("port", `${place} is free`)]
  const [cause, fix] = REMEDIES[code] ?? ["the system says so", "give another server.host or server.port"]
  return [problem("port", `a server cannot listen on ${place} (${code})`, { cause, fix })]
}

const REMEDIES: Readonly<Record<string, readonly [cause: string, fix: string]>> = {
  EADDRINUSE: [
    "another program listens there, or a Skein whose configuration or data folder is not the one looked at here",
    "look who it is: ss -ltnp. Look at a Skein with its own settings: skein doctor --config /etc/skein/skein.toml --data /var/lib/skein. Else take another port (server.port), here and in the proxy",
  ],
  EACCES: [
    "ports below 1024 are for root",
    "take a port above, and let the proxy listen on 443; or give the service CAP_NET_BIND_SERVICE",
  ],
  EADDRNOTAVAIL: [
    "this machine has no such address",
    'server.host is where to listen, not the name of the site: "127.0.0.1" behind a proxy of this machine, "0.0.0.0" for all addresses',
  ],
  ENOTFOUND: [
    "the name leads to no address",
    'server.host is where to listen: "127.0.0.1" behind a proxy, or an address',
  ],
}

function refusal(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
