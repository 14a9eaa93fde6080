import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { answers, freePort } from "../../support/ports.ts"
import { openFolder, runSystem, SystemProgram } from "../../support/program.ts"
import { makeCertificate } from "./certificate.ts"
import { shipped } from "./shipped.ts"

export interface Haproxy {
  readonly port: number
  stop(): Promise<void>
}

export const SITES = ["chat.site-a.example", "chat.site-b.example"] as const

/** Where the servers of `deploy/haproxy/haproxy.cfg` listen in the test. */
export interface Nodes {
  readonly a: { readonly active: number; readonly standby: number }
  readonly b: { readonly active: number; readonly standby: number }
  /** Pusher apps, as lines of apps.map. */
  readonly apps: string
}

/** HAProxy with the file that is shipped. */
export function startShippedHaproxy({ a, b, apps }: Nodes): Promise<Haproxy> {
  return startHaproxy((folder, port, plainPort) => {
    writeFileSync(join(folder, "apps.map"), apps)
    return shipped("haproxy/haproxy.cfg", {
      "maxconn 20000": "maxconn 1000", // Of the few files this machine may allow the test.
      "bind :80\n": `bind 127.0.0.1:${plainPort}\n`,
      "bind :443": `bind 127.0.0.1:${port}`,
      "/etc/haproxy/": `${folder}/`,
      "127.0.0.1:8080": `127.0.0.1:${a.active}`,
      "127.0.0.1:8081": `127.0.0.1:${a.standby}`,
      "127.0.0.1:8090": `127.0.0.1:${b.active}`,
      "127.0.0.1:8091": `127.0.0.1:${b.standby}`,
    })
  })
}

/** HAProxy with any configuration; a certificate for all names of the tests is in `certs/` of the folder. */
export async function startHaproxy(
  write: (folder: string, port: number, plainPort: number) => string,
): Promise<Haproxy> {
  const { path: folder, remove } = openFolder("skein-haproxy-")
  const [port, plainPort] = [await freePort(), await freePort()]
  mkdirSync(join(folder, "made"))
  mkdirSync(join(folder, "certs"))
  const { both } = makeCertificate(join(folder, "made"), [...SITES, "localhost", "127.0.0.1"])
  writeFileSync(join(folder, "certs", "sites.pem"), await Bun.file(both).text())
  const file = join(folder, "haproxy.cfg")
  writeFileSync(file, write(folder, port, plainPort))
  const check = runSystem("haproxy", ["-c", "-f", file])
  if (check.status !== 0)
    throw new Error(`haproxy refuses the configuration:
${check.said}`)
  const haproxy = new SystemProgram("haproxy", ["-db", "-f", file])
  const stop = async () => {
    await haproxy.stop()
    remove()
  }
  await haproxy.ready(() => answers(port), `listens on ${port}`)
  return { port, stop }
}
