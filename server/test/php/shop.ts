import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Centrifuge, type Options } from "centrifuge"
import WebSocket from "ws"
import { freePort } from "../support/ports.ts"
import { API_KEY, TOKEN_SECRET } from "../support/server.ts"
import { until } from "../support/until.ts"

const SHOP_FOLDER = join(import.meta.dir, "../../../examples/laravel")
const SKEIN = join(import.meta.dir, "../../bin/skein.mjs")

export const PUSHER = { id: "shop", key: "shop-key-1", secret: "shop-secret-0123456789" }

/** The example's Laravel application under PHP's web server, and Skein as `php artisan websocket:serve` starts it. */
export class Shop {
  url = ""
  skeinUrl = ""
  /** What both have written, for failures. */
  log = ""
  readonly #storage = mkdtempSync(join(tmpdir(), "skein-shop-"))
  readonly #children: ChildProcess[] = []
  #environment: Record<string, string> = {}

  /** @param env - further settings of the site, for example SESSION_DRIVER */
  static async open(env: Readonly<Record<string, string>> = {}): Promise<Shop> {
    const shop = new Shop()
    await shop.#begin(env)
    return shop
  }

  async #begin(env: Readonly<Record<string, string>>): Promise<void> {
    for (const folder of ["framework/sessions", "framework/cache", "framework/views", "logs"])
      mkdirSync(join(this.#storage, folder), { recursive: true })
    writeFileSync(join(this.#storage, "shop.sqlite"), "")
    const [sitePort, skeinPort] = [await freePort(), await freePort()]
    this.url = `http://127.0.0.1:${sitePort}`
    this.skeinUrl = `http://127.0.0.1:${skeinPort}`
    this.#environment = {
      ...withoutSettings(),
      APP_KEY: `base64:${Buffer.alloc(32, 7).toString("base64")}`,
      APP_URL: this.url,
      APP_STORAGE: this.#storage,
      SKEIN_API_KEY: API_KEY,
      SKEIN_TOKEN_HMAC_SECRET: TOKEN_SECRET,
      SKEIN_PORT: String(skeinPort),
      PUSHER_APP_ID: PUSHER.id,
      PUSHER_APP_KEY: PUSHER.key,
      PUSHER_APP_SECRET: PUSHER.secret,
      WEBSOCKET_URL: this.skeinUrl,
      WEBSOCKET_PROGRAM: `node ${SKEIN}`,
      ...env,
    }
    this.artisan("migrate", "--force")
    const skein = this.#start("php", ["artisan", "websocket:serve"])
    const site = this.#start("php", ["-S", `127.0.0.1:${sitePort}`, "-t", "public", "public/index.php"])
    await until(() => ended(skein, site) || this.log.includes("Skein ready on"), `ready:\n${this.log}`, 40_000)
    await until(() => ended(skein, site) || isOpen(this.url), "the site answers", 20_000)
    if (ended(skein, site)) throw new Error(this.log)
  }

  /** One command of artisan. @returns what it printed */
  artisan(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("php", ["artisan", ...args], {
      cwd: SHOP_FOLDER,
      env: this.#environment,
      encoding: "utf8",
    })
    if (status !== 0) throw new Error(`php artisan ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`)
    return stdout
  }

  /** What Laravel keeps of all visitors, by session. */
  sessions(): Record<string, string> {
    const folder = join(this.#storage, "framework/sessions")
    return Object.fromEntries(readdirSync(folder).map((id) => [id, readFileSync(join(folder, id), "utf8")]))
  }

  /** Ends `websocket:serve` as a supervisor does. @returns its exit code */
  async stopSkein(): Promise<number | null> {
    const [skein] = this.#children
    skein?.kill("SIGTERM")
    await until(() => skein?.exitCode !== null, "websocket:serve has ended", 20_000)
    return skein?.exitCode ?? null
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL")
    rmSync(this.#storage, { recursive: true, force: true, maxRetries: 5 })
  }

  #start(program: string, args: string[]): ChildProcess {
    const child = spawn(program, args, { cwd: SHOP_FOLDER, env: this.#environment, stdio: ["ignore", "pipe", "pipe"] })
    const hear = (chunk: Buffer) => {
      this.log += chunk
    }
    child.stdout?.on("data", hear)
    child.stderr?.on("data", hear)
    this.#children.push(child)
    return child
  }
}

const ended = (...children: ChildProcess[]): boolean | undefined =>
  children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null) || undefined

const isOpen = (url: string): Promise<true | undefined> =>
  fetch(url).then(
    () => true as const,
    () => undefined,
  )

/** Settings of whoever runs the tests are not the shop's. */
function withoutSettings(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(SKEIN|APP|PUSHER|WEBSOCKET)_/.test(name))
  return Object.fromEntries(kept) as Record<string, string>
}

/** A customer's browser: cookies for the site and, as ports make no difference to cookies, for Skein beside it. */
export class Customer {
  readonly #shop: Shop
  readonly #cookies = new Map<string, string>()
  readonly #clients: Centrifuge[] = []

  constructor(shop: Shop) {
    this.#shop = shop
  }

  static async loggedIn(shop: Shop, account: "ann" | "fang"): Promise<Customer> {
    const customer = new Customer(shop)
    await customer.get("/")
    await customer.post("/login", { email: `${account}@shop.example`, password: "secret" })
    return customer
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ")
  }

  get(path: string): Promise<unknown> {
    return this.#request("GET", path)
  }

  /** As axios does it: the CSRF token of the cookie in a header. */
  post(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<unknown> {
    const token = decodeURIComponent(this.#cookies.get("XSRF-TOKEN") ?? "")
    return this.#request("POST", path, body, { "X-XSRF-TOKEN": token, ...headers })
  }

  async #request(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(`${this.#shop.url}${path}`, {
      method,
      redirect: "manual",
      headers: { Cookie: this.cookie, Accept: "application/json", "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      this.#cookies.set(name, value)
    }
    if (!response.ok)
      throw new Refused(response.status, `${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** The unmodified client in the customer's page. */
  client(options: Partial<Options> = {}): Centrifuge {
    const cookie = () => this.cookie
    class CookieSocket extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers: { cookie: cookie() } })
      }
    }
    const client = new Centrifuge(`${this.#shop.skeinUrl.replace("http", "ws")}/connection/websocket`, {
      websocket: CookieSocket,
      minReconnectDelay: 20,
      maxReconnectDelay: 50,
      ...options,
    })
    this.#clients.push(client)
    client.connect()
    return client
  }

  /** `getToken` of a subscription, asking the site as the guide says. */
  readonly channelToken = async ({ channel }: { channel: string }): Promise<string> =>
    ((await this.post("/broadcasting/auth", { channel_name: channel })) as { token: string }).token

  leave(): void {
    for (const client of this.#clients) client.disconnect()
  }
}

/**
 * Notes when, in Unix milliseconds, a client that is connected loses its connection. What it is a moment later says nothing: whoever has a cookie
 * comes back by himself, as nobody.
 */
export function closingOf(client: Centrifuge): { atMs: number | undefined } {
  const closing: { atMs: number | undefined } = { atMs: undefined }
  const note = () => {
    closing.atMs ??= Date.now()
  }
  client.once("connecting", note).once("disconnected", note)
  return closing
}

export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
