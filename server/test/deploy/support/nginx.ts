import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { answers, freePort } from "../../support/ports.ts"
import { openFolder, runSystem, SystemProgram } from "../../support/program.ts"
import { type Certificate, makeCertificate } from "./certificate.ts"
import { shipped } from "./shipped.ts"

export const HOST = "chat.example.com"
export const PREFIX_HOST = "www.example.com"

export interface Nginx {
  /** Of the listener with TLS, on 127.0.0.1. */
  readonly port: number
  /** Of the listener without. */
  readonly plainPort: number
  readonly certificate: Certificate
  stop(): Promise<void>
}

/** What stands in `http { }`, given the folder of the installation and its ports. */
export type HttpBlock = (place: { folder: string; port: number; plainPort: number; certificate: Certificate }) => string

/** What an administrator has beside the shipped files. */
export interface Around {
  /** In `http { }`. */
  readonly more?: HttpBlock
  /** In `server { }` of PREFIX_HOST: the site under a path of which Skein is. */
  readonly shop?: string
}

/** A site as it is found: its page, and rules for what is served from its own folder, as PHP sites have them. */
const SHOP = `
  location / { return 200 "the shop"; }
  location ~ [^/]\\.php(/|$) { return 200 "PHP of the shop"; }
  location ~* \\.(?:js|css|svg|webmanifest)$ { expires 12h; return 404 "no such file of the shop"; }`

/**
 * nginx with the files of `deploy/nginx`, installed as their first lines say, in a folder instead of /etc/nginx.
 *
 * @param skeinPort - where the server listens
 */
export function startShippedNginx(skeinPort: number, { more = () => "", shop = SHOP }: Around = {}): Promise<Nginx> {
  return startNginx((place) => {
    const { folder, port, plainPort, certificate } = place
    const into = { "/etc/nginx/": `${folder}/` }
    writeFileSync(join(folder, "skein-proxy.conf"), shipped("nginx/skein-proxy.conf", {}))
    const prefix = shipped("nginx/skein-prefix.conf", into)
    writeFileSync(join(folder, "skein-prefix.conf"), prefix)
    const site = shipped("nginx/skein-site.conf", {
      ...into,
      "listen 80;": `listen 127.0.0.1:${plainPort};`,
      "listen 443 ssl http2;": `listen 127.0.0.1:${port} ssl http2;`,
      "/etc/letsencrypt/live/chat.example.com/fullchain.pem": certificate.certificate,
      "/etc/letsencrypt/live/chat.example.com/privkey.pem": certificate.key,
    })
    const http = shipped("nginx/skein-http.conf", { "127.0.0.1:8080": `127.0.0.1:${skeinPort}` })
    const prefixSite = `
      server {
        listen 127.0.0.1:${port} ssl http2;
        server_name ${PREFIX_HOST};
        ssl_certificate ${certificate.certificate};
        ssl_certificate_key ${certificate.key};
        ${shop}
        include ${folder}/skein-prefix.conf;
      }`
    return [http, site, prefixSite, more(place)].join("\n")
  })
}

/** nginx with any configuration, right or wrong, on ports of its own. */
export async function startNginx(http: HttpBlock): Promise<Nginx> {
  const { path: folder, remove } = openFolder("skein-nginx-")
  const [port, plainPort] = [await freePort(), await freePort()]
  const certificate = makeCertificate(folder, [HOST, PREFIX_HOST, "localhost", "127.0.0.1"])
  for (const name of ["body", "proxy", "other"]) mkdirSync(join(folder, name))
  writeFileSync(join(folder, "nginx.conf"), mainFile(folder, http({ folder, port, plainPort, certificate })))
  const args = ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", join(folder, "error.log")]
  const check = runSystem("nginx", ["-t", ...args])
  if (check.status !== 0)
    throw new Error(`nginx refuses the configuration:
${check.said}`)
  const nginx = new SystemProgram("nginx", [...args, "-g", "daemon off;"])
  const stop = async () => {
    await nginx.stop()
    remove()
  }
  await nginx.ready(async () => (await answers(plainPort)) || answers(port), `listens on ${port} or ${plainPort}`)
  return { port, plainPort, certificate, stop }
}

/** As services run in the foreground without touching anything outside of the folder. */
const mainFile = (folder: string, http: string) => `
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/other; uwsgi_temp_path ${folder}/other; scgi_temp_path ${folder}/other;
${http}
}
`
