import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { createServer, type Server } from "node:http"
import { connect, createServer as createTcpServer, type Server as TcpServer } from "node:net"
import { type Certificate, makeCertificate } from "../deploy/support/certificate.ts"
import { type Haproxy, startHaproxy } from "../deploy/support/haproxy.ts"
import { type Nginx, startNginx, startShippedNginx } from "../deploy/support/nginx.ts"
import { freePort } from "../support/ports.ts"
import { openFolder } from "../support/program.ts"
import { TestServer } from "../support/server.ts"
import { type Diagnosis, runDoctor } from "./run-doctor.ts"

// Each look is a program of its own, which takes seconds to start on a busy machine.
setDefaultTimeout(90_000)

/** What a location needs to be right; each broken one leaves one thing out. */
const HEADERS = {
  version: "proxy_http_version 1.1;",
  upgrade: "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
  host: "proxy_set_header Host $http_host;",
  address: "proxy_set_header X-Forwarded-For $remote_addr;",
  scheme: "proxy_set_header X-Forwarded-Proto $scheme;",
} as const

const without = (...left: (keyof typeof HEADERS)[]) =>
  Object.entries(HEADERS)
    .filter(([name]) => !left.includes(name as keyof typeof HEADERS))
    .map(([, line]) => line)
    .join(" ")

/** Locations of nginx, each with one mistake, on a port of its own. */
const MISTAKES = {
  noUpgrade: (to: string) => `location / { ${without("upgrade")} proxy_pass ${to}; }`,
  nothingSet: (to: string) => `location / { proxy_pass ${to}; }`,
  noHost: (to: string) => `location / { ${without("host")} proxy_pass ${to}; }`,
  noAddress: (to: string) => `location / { ${without("address", "scheme")} proxy_pass ${to}; }`,
  nothingTold: (to: string) => `location / { ${without("host", "address", "scheme")} proxy_pass ${to}; }`,
  noScheme: (to: string) => `location / { ${without("scheme")} proxy_pass ${to}; }`,
  prefixKept: (to: string) => `location /skein/ { ${without()} proxy_pass ${to}; }`,
  onlySocketKept: (to: string) =>
    `location = /skein/health { proxy_pass ${to}/health; } location = /skein/ready { proxy_pass ${to}/ready; }
     location /skein/ { ${without()} proxy_pass ${to}; }`,
  shortTimeout: (to: string) => `location / { ${without()} proxy_read_timeout 3s; proxy_pass ${to}; }`,
  password: (to: string) => `location / { auth_basic "staff"; auth_basic_user_file /dev/null; proxy_pass ${to}; }`,
  denied: (to: string) =>
    `location / { ${without()} proxy_pass ${to}; } location /connection/ { return 403 "blocked by policy"; }`,
  collecting: (to: string) =>
    `location / { ${without()} proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; gzip on; gzip_types *; gzip_proxied any; proxy_pass ${to}; }`,
  otherSite: () => `location / { default_type text/html; return 200 "<title>the shop</title>"; }`,
  redirect: () => "return 308 https://$host$request_uri;",
  nobodyThere: () => "location / { proxy_pass http://127.0.0.1:1; }",
} as const

type Mistake = keyof typeof MISTAKES

const env = { SKEIN_MODE: "production", SKEIN_AUTH_ALLOW_ANONYMOUS: "true" }
const { path: folder, remove } = openFolder("skein-doctor-")
const certificates = {} as Record<"expired" | "soon" | "otherName", Certificate>
const ports = {} as Record<Mistake | keyof typeof certificates | "proxiedHttps", number>
let server: TestServer
let distrusting: TestServer
let closed: TestServer
let good: Nginx
let bad: Nginx
let http2: Haproxy

beforeAll(async () => {
  ;[server, distrusting, closed] = await Promise.all([
    TestServer.start({ env: { ...env, SKEIN_SERVER_TRUSTED_PROXIES: "127.0.0.1" } }),
    TestServer.start({ env }),
    TestServer.start({ env: { SKEIN_MODE: "production" } }),
  ])
  certificates.expired = makeCertificate(folder, ["localhost"], -1)
  certificates.soon = makeCertificate(folder, ["localhost"], 5)
  certificates.otherName = makeCertificate(folder, ["www.example.org"])
  for (const name of [...Object.keys(MISTAKES), ...Object.keys(certificates), "proxiedHttps"])
    ports[name as Mistake] = await freePort()
  good = await startShippedNginx(server.port)
  bad = await startNginx(brokenSites)
  http2 = await startHaproxy(
    (at, port) => `
      defaults
        mode http
        timeout connect 2s
        timeout client 5s
        timeout server 5s
      frontend f
        bind 127.0.0.1:${port} ssl crt ${at}/certs/ alpn h2 proto h2
        http-request return status 200\n`,
  )
})
afterAll(async () => {
  for (const one of [good, bad, http2, server, distrusting, closed]) await one?.stop()
  remove()
})

function brokenSites({ plainPort }: { plainPort: number }): string {
  const to = `http://127.0.0.1:${server.port}`
  const plain = Object.entries(MISTAKES).map(
    ([name, location]) => `server { listen 127.0.0.1:${ports[name as Mistake]}; ${location(to)} }`,
  )
  const secure = Object.entries(certificates).map(([name, { certificate, key }]) =>
    tls(ports[name as "expired"], certificate, key, `location / { ${without()} proxy_pass ${to}; }`),
  )
  const { certificate, key } = certificates.soon
  const noScheme = tls(ports.proxiedHttps, certificate, key, MISTAKES.noScheme(to))
  return [`server { listen 127.0.0.1:${plainPort}; }`, ...plain, ...secure, noScheme].join("\n")
}

const tls = (port: number, certificate: string, key: string, location: string) =>
  `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; ${location} }`

const visit = (address: string, ...more: string[]): Promise<Diagnosis> =>
  runDoctor([address, "--json", ...(more.includes("--idle") ? [] : ["--idle", "0s"]), ...more], {
    NODE_EXTRA_CA_CERTS: good.certificate.certificate,
  })

const visitMistake = (mistake: Mistake, path = "/", ...more: string[]) =>
  visit(`ws://127.0.0.1:${ports[mistake]}${path}`, ...more)

describe("a way that is well", () => {
  test("nothing is found, in any reading of the address, and the exit code is 0", async () => {
    for (const path of ["/", "/ws", "/connection/websocket"]) {
      const { code, problems, warnings, about } = await visit(`wss://localhost:${good.port}${path}`)
      expect([path, code, problems, warnings]).toEqual([path, 0, [], []])
      for (const what of ["dns", "tls", "health", "clock", "proxy", "upgrade", "origin", "round-trip"])
        expect([what, about(what).severity]).toEqual([what, "ok"])
    }
  })

  test("a Pusher address is spoken to in the Pusher protocol", async () => {
    const { pusherKey } = (await Bun.file(`${server.data}/secrets.json`).json()) as { pusherKey: string }
    const { code, about } = await visit(`wss://localhost:${good.port}/app/${pusherKey}`)
    expect([code, about("round-trip").severity]).toEqual([0, "ok"])
    const wrong = await visit(`wss://localhost:${good.port}/app/no-such-key`)
    expect(wrong.problems).toEqual(["pusher.app"])
    expect(wrong.about("pusher.app").fix).toContain("use a key of [[pusher_apps]]")
  })

  test("a page that a Pusher app does not let in is not called one with a wrong key, or one that may connect", async () => {
    const app = { id: "1", key: "app-key", secret: "app-secret-0123456789", origins: ["https://shop.example"] }
    const choosy = await TestServer.start({ env: { ...env, SKEIN_PUSHER_APPS: JSON.stringify([app]) } })
    try {
      const address = `${choosy.wsUrl}/app/app-key`
      const foreign = await visit(address, "--origin", "https://other.example")
      expect(foreign.problems).toEqual(["pusher.app"])
      expect(foreign.about("pusher.app").fix).toContain("origins of the app")
      expect(foreign.findings.map(({ about }) => about)).not.toContain("origin")
      const own = await visit(address, "--origin", "https://shop.example")
      expect([own.problems, own.about("origin").severity]).toEqual([[], "ok"])
    } finally {
      await choosy.stop()
    }
  })

  test("without a proxy, and at a bare WebSocket", async () => {
    const direct = await visit(server.wsUrl)
    expect([direct.code, direct.about("proxy").severity]).toEqual([0, "note"])
    const bare = await visit(`${server.wsUrl}/websocket`)
    expect([bare.code, bare.about("round-trip").severity]).toEqual([0, "ok"])
  })

  test("a server that lets nobody in without a token is well, and with a token the way is looked at to its end", async () => {
    const without = await visit(closed.wsUrl)
    expect([without.code, without.about("identity").severity]).toEqual([0, "note"])
    const main = `${import.meta.dirname}/../../src/cli/main.ts`
    const settings = { ...process.env, SKEIN_AUTH_TOKEN_HMAC_SECRETS: "test-token-secret-0123456789" }
    const token = Bun.spawnSync([process.execPath, main, "token", "--user", "doctor"], { env: settings }).stdout
    const seen = await visit(closed.wsUrl, "--token", token.toString().trim(), "--idle", "100ms")
    expect([seen.code, seen.about("idle").severity]).toEqual([0, "ok"])
    expect(seen.stdout).not.toContain(token.toString().trim())
  })
})

describe("a proxy with one mistake: the cause is named, and the fix", () => {
  test("no upgrade headers", async () => {
    for (const [mistake, found] of [
      ["noUpgrade", ["upgrade"]],
      ["nothingSet", ["proxy.local", "upgrade"]],
    ] as const) {
      const { code, about, problems } = await visitMistake(mistake)
      expect([code, problems]).toEqual([1, [...found]])
      expect(about("upgrade").fix).toContain("proxy_set_header Upgrade $http_upgrade")
    }
  })

  test("no Host", async () => {
    const { problems, about } = await visitMistake("noHost")
    expect(problems).toEqual(["origin"])
    expect(about("origin").fix).toContain("proxy_set_header Host $http_host")
  })

  test("no word about the client, or one that is not believed", async () => {
    const silent = await visitMistake("noAddress")
    expect([silent.problems, silent.warnings]).toEqual([[], ["proxy.address"]])
    expect(silent.about("proxy.address").fix).toContain("X-Forwarded-For $remote_addr")
    const front = await startShippedNginx(distrusting.port)
    try {
      const ignored = await runDoctor([`wss://localhost:${front.port}`, "--json", "--idle", "0s"], {
        NODE_EXTRA_CA_CERTS: front.certificate.certificate,
      })
      expect([ignored.problems, ignored.warnings]).toEqual([[], ["proxy.trust"]])
      expect(ignored.about("proxy.trust").fix).toContain("trusted_proxies")
    } finally {
      await front.stop()
    }
  })

  test("no word about the client at all: the server takes the world for its own machine", async () => {
    const { code, problems, warnings, about } = await visitMistake("nothingTold")
    expect([code, problems, warnings]).toEqual([1, ["proxy.local", "origin"], ["proxy.address"]])
    expect(about("proxy.local").fix).toContain("proxy_set_header Host $http_host")
    const metrics = await fetch(`http://127.0.0.1:${ports.nothingTold}/metrics`, { headers: { Host: "chat.example" } })
    expect(metrics.status).toBe(200)
  })

  test("no word that clients use https", async () => {
    const { warnings, about } = await visit(`wss://localhost:${ports.proxiedHttps}`)
    expect(warnings).toContain("proxy.scheme")
    expect(about("proxy.scheme").fix).toContain("X-Forwarded-Proto")
  })

  test("a prefix that is not taken away", async () => {
    const { problems, about } = await visitMistake("prefixKept", "/skein/")
    expect(problems).toEqual(["health", "upgrade"])
    for (const what of ["health", "upgrade"]) expect(about(what).fix).toContain("slash at the end of both")
    expect((await visitMistake("onlySocketKept", "/skein/")).problems).toEqual(["upgrade"])
  })

  test("an idle time-out that is too short, noticed after it", async () => {
    const { problems, about } = await visitMistake("shortTimeout", "/", "--idle", "25s")
    expect(problems).toEqual(["idle"])
    expect(about("idle").says).toMatch(/cut after \d s/)
    expect(about("idle").fix).toContain("proxy_read_timeout 1h")
  })

  test("the same before a server that lets nobody in, looked at from its own machine: as a client of its Pusher app", async () => {
    const to = `http://127.0.0.1:${closed.port}`
    const front = await startNginx(
      ({ plainPort }) => `server { listen 127.0.0.1:${plainPort}; ${MISTAKES.shortTimeout(to)} }`,
    )
    try {
      const address = `ws://127.0.0.1:${front.plainPort}/`
      const { problems, about } = await visit(address, "--idle", "25s", "--data", closed.data)
      expect(problems).toEqual(["idle"])
      expect([about("identity").severity, about("idle").fix]).toEqual([
        "note",
        expect.stringContaining("proxy_read_timeout 1h"),
      ])
      expect((await visit(address, "--idle", "100ms")).about("identity").says).toContain("was not looked at")
    } finally {
      await front.stop()
    }
  })

  test("responses that are collected before they are passed on", async () => {
    const { problems, warnings, about } = await visitMistake("collecting")
    expect([problems, warnings]).toEqual([[], ["stream"]])
    expect(about("stream").fix).toContain("proxy_buffering off")
    expect((await visit(`wss://localhost:${good.port}`)).about("stream").severity).toBe("ok")
  })

  test("nobody behind the proxy; a password; a rule that forbids; another site; a redirect", async () => {
    const down = await visitMistake("nobodyThere")
    expect([down.problems, down.about("health").says]).toEqual([["health"], expect.stringContaining("502")])
    expect((await visitMistake("password")).about("health").fix).toContain("auth_basic off")
    expect((await visitMistake("denied")).about("upgrade").says).toContain("blocked by policy")
    expect((await visitMistake("otherSite")).about("upgrade").says).toContain("200 and a page")
    expect((await visitMistake("redirect")).about("health").fix).toContain("wss://")
  })

  test("HAProxy that cuts silent connections, takes headers away, has nobody behind it", async () => {
    const front = (port: number, rules: string, to = server.port) => `
      frontend f${port}
        bind 127.0.0.1:${port}
        option forwardfor
        ${rules}
        default_backend b${port}
      backend b${port}
        server s 127.0.0.1:${to}\n`
    const [impatient, taking, alone] = [await freePort(), await freePort(), await freePort()]
    const haproxy = await startHaproxy(
      (_, port) => `
      defaults
        mode http
        timeout connect 2s
        timeout client 4s
        timeout server 4s
      ${front(port, "")}${front(impatient, "")}${front(taking, "http-request del-header Upgrade")}${front(alone, "", 1)}`,
    )
    try {
      const cut = await visit(`ws://127.0.0.1:${impatient}`, "--idle", "20s")
      expect(cut.problems).toEqual(["idle"])
      expect(cut.about("idle").fix).toContain("timeout tunnel 1h")
      const lost = await visit(`ws://127.0.0.1:${taking}`)
      expect([lost.problems, lost.about("upgrade").fix]).toEqual([["upgrade"], expect.stringContaining("HAProxy")])
      expect((await visit(`ws://127.0.0.1:${alone}`)).about("health").fix).toContain("HAProxy: the server lines")
    } finally {
      await haproxy.stop()
    }
  })

  test("HTTP/2 and nothing else", async () => {
    const { problems, about } = await visit(`wss://localhost:${http2.port}`)
    expect(problems).toContain("http2")
    expect(about("http2").fix).toContain("alpn h2,http/1.1")
  })
})

describe("pages of other sites", () => {
  test("are refused, with the setting that lets them in", async () => {
    const { problems, about } = await visit(server.wsUrl, "--origin", "https://shop.example")
    expect(problems).toEqual(["origin"])
    expect(about("origin").fix).toContain('origins = ["https://shop.example"]')
  })

  test("that all of them may connect is mentioned", async () => {
    const open = await TestServer.start({ env: { ...env, SKEIN_SERVER_ORIGINS: "*" } })
    try {
      const { code, about } = await visit(open.wsUrl, "--origin", "https://shop.example")
      expect([code, about("origin").severity, about("origin.any").severity]).toEqual([0, "ok", "note"])
    } finally {
      await open.stop()
    }
  })
})

describe("certificates and ports", () => {
  test("expired, soon expired, of another name, signed by nobody", async () => {
    expect((await visit(`wss://localhost:${ports.expired}`)).problems).toContain("tls.expiry")
    expect((await visit(`wss://localhost:${ports.soon}`)).warnings).toContain("tls.expiry")
    expect((await visit(`wss://localhost:${ports.otherName}`)).problems).toContain("tls.name")
    const untrusted = await runDoctor([`wss://localhost:${good.port}`, "--json", "--idle", "0s"])
    expect(untrusted.problems).toEqual(["tls.chain"])
    expect(untrusted.about("tls.chain").says).toContain("SELF_SIGNED")
    // With a bad certificate, everything behind it is looked at all the same.
    expect(untrusted.about("round-trip").severity).toBe("ok")
  })

  test("ws:// at a port for TLS, wss:// at one without, nobody at the port, no such name", async () => {
    expect((await visit(`ws://localhost:${good.port}`)).about("health").fix).toBe("use wss://")
    expect((await visit(`wss://127.0.0.1:${server.port}`)).about("tls").fix).toContain("use ws://")
    expect((await visit("ws://127.0.0.1:1")).about("tcp").says).toContain("ECONNREFUSED")
    expect((await visit("wss://nowhere.invalid")).problems).toEqual(["dns"])
  })
})

describe("things on the way that nobody configured", () => {
  test("a clock that is wrong", async () => {
    const skewed = await fakeHealth(-3_600_000)
    const slightly = await fakeHealth(10_000)
    try {
      const { problems, about } = await visit(`ws://127.0.0.1:${skewed.port}`)
      expect(problems).toContain("clock")
      expect(about("clock").says).toContain("3600 s behind")
      expect((await visit(`ws://127.0.0.1:${slightly.port}`)).warnings).toContain("clock")
    } finally {
      for (const { server } of [skewed, slightly]) server.close()
    }
  })

  test("frames that are swallowed after the handshake, connections cut after it", async () => {
    for (const [behaviour, says] of [
      ["swallow", "no answer had come|later no answer"],
      ["cut", "closed before an answer"],
    ] as const) {
      const wall = await wallBefore(server.port, behaviour)
      const { problems, about } = await visit(`ws://127.0.0.1:${wall.port}/ws`)
      wall.server.close()
      expect([behaviour, problems]).toEqual([behaviour, ["round-trip"]])
      expect(about("round-trip").says).toMatch(new RegExp(says))
    }
  })
})

/** Answers like Skein, at another time. */
async function fakeHealth(skewMs: number): Promise<{ server: Server; port: number }> {
  const port = await freePort()
  const server = createServer((_, response) => {
    response.sendDate = false
    response.setHeader("Date", new Date(Date.now() + skewMs).toUTCString())
    response.end('{"status":"ok"}')
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  return { server, port }
}

/** Something on the way that lets HTTP pass and does this to WebSockets once they are open. */
async function wallBefore(to: number, behaviour: "swallow" | "cut"): Promise<{ server: TcpServer; port: number }> {
  const port = await freePort()
  const server = createTcpServer((client) => {
    const upstream = connect(to, "127.0.0.1")
    let isOpen = false
    client.on("data", (bytes) => {
      if (!isOpen) upstream.write(bytes)
      else if (behaviour === "cut") client.destroy()
    })
    upstream.on("data", (bytes: Buffer) => {
      if (!isOpen) client.write(bytes)
      isOpen ||= bytes.toString("latin1").startsWith("HTTP/1.1 101")
    })
    client.on("close", () => upstream.destroy())
    upstream.on("close", () => client.destroy())
    client.on("error", () => upstream.destroy())
    upstream.on("error", () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  return { server, port }
}
