import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Nginx, PREFIX_HOST, startShippedNginx } from "../deploy/support/nginx.ts"
import { ROOT } from "../deploy/support/shipped.ts"
import { freePort } from "../support/ports.ts"
import { openFolder, runSystem, SystemProgram } from "../support/program.ts"
import { API_KEY, TestServer } from "../support/server.ts"

/** Where nginx comes from when it asks Skein; visitors come from elsewhere. */
const PROXY = "127.0.0.9"

/** How PHP and Skein are told of one place for sessions. */
export interface SessionPlace {
  /** Of php.ini, beside `session.*` of any careful site. */
  readonly ini: Readonly<Record<string, string>>
  /** `SKEIN_…`, given the address of whoami.php inside the site's network. */
  readonly skein: (whoamiUrl: string) => Readonly<Record<string, string>>
  /** Whether logout.php tells Skein. */
  readonly tellsOfLogout?: boolean
}

/** One host: a PHP site run by php-fpm behind nginx, and Skein under `/skein/` of it, as `deploy/nginx` has it. */
export interface PhpHost {
  readonly url: string
  readonly server: TestServer
  stop(): Promise<void>
}

export async function openPhpHost(place: SessionPlace): Promise<PhpHost> {
  const stops: (() => unknown)[] = []
  const stop = async () => {
    for (const one of stops.reverse()) await one()
  }
  try {
    const { path: folder, remove } = openFolder("skein-fpm-")
    stops.push(remove)
    const skeinPort = await freePort()
    const fpm = await startFpm(folder, place, `http://127.0.0.1:${skeinPort}/api`)
    stops.push(() => fpm.stop())
    const nginx = await startFront(folder, skeinPort)
    stops.push(() => nginx.stop())
    const server = await TestServer.start({
      port: skeinPort,
      env: {
        SKEIN_MODE: "production",
        SKEIN_SERVER_TRUSTED_PROXIES: PROXY,
        SKEIN_PLAIN_LANGUAGE: "en",
        ...place.skein(`http://127.0.0.1:${nginx.plainPort}/whoami.php`),
      },
    })
    stops.push(() => server.stop())
    return { url: `https://${PREFIX_HOST}:${nginx.port}/`, server, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Files of sessions as Debian keeps them: whoever runs PHP may make some, and list none. */
export function sessionFolder(): { path: string; remove: () => void } {
  const folder = openFolder("skein-sessions-")
  chmodSync(folder.path, 0o1733)
  return folder
}

/** The site's own pages, and apart from them the one that only Skein may ask. */
async function startFpm(folder: string, place: SessionPlace, api: string): Promise<SystemProgram> {
  cpSync(join(import.meta.dir, "fpm-site"), join(folder, "site"), { recursive: true })
  mkdirSync(join(folder, "inside"))
  cpSync(join(ROOT, "examples/whoami/whoami.php"), join(folder, "inside/whoami.php"))
  writeFileSync(join(folder, "fpm.conf"), poolFile(folder, place, api))
  const fpm = new SystemProgram(programOfPhp(), [
    "--nodaemonize",
    "--force-stderr",
    "--fpm-config",
    join(folder, "fpm.conf"),
  ])
  await fpm
    .ready(() => fpm.said.includes("ready to handle connections"), "is ready")
    .catch(async (error) => {
      await fpm.stop()
      throw error
    })
  return fpm
}

/** Debian's names hold the version: the one of the `php` that all other tests run. */
function programOfPhp(): string {
  const { said } = runSystem("php", ["-r", "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;"])
  return `php-fpm${said.trim()}`
}

function poolFile(folder: string, { ini, tellsOfLogout = false }: SessionPlace, api: string): string {
  const settings = {
    "session.use_strict_mode": "1",
    "session.cookie_secure": "1",
    "session.cookie_httponly": "1",
    "session.cookie_samesite": "Lax",
    ...ini,
  }
  return [
    "[global]",
    `error_log = ${folder}/fpm.log`,
    "[site]",
    ...(process.getuid?.() === 0 ? ["user = www-data", "group = www-data"] : []),
    `listen = ${folder}/fpm.sock`,
    "listen.mode = 0666",
    "pm = static",
    "pm.max_children = 4",
    "catch_workers_output = yes",
    ...Object.entries(settings).map(([name, value]) => `php_admin_value[${name}] = "${value}"`),
    ...(tellsOfLogout ? [`env[SKEIN_API] = "${api}"`, `env[SKEIN_API_KEY] = "${API_KEY}"`] : []),
    "",
  ].join("\n")
}

function startFront(folder: string, skeinPort: number): Promise<Nginx> {
  const pages = (of: string) => `
    root ${folder}/${of};
    index index.php;
    location ~ ^/[a-z]+\\.php$ {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:${folder}/fpm.sock;
    }`
  return startShippedNginx(skeinPort, {
    shop: pages("site"),
    more: ({ plainPort }) => `
      proxy_bind ${PROXY};
      server { listen 127.0.0.1:${plainPort}; server_name 127.0.0.1; ${pages("inside")} }`,
  })
}
