import { createHash, randomBytes } from "node:crypto"
import { type Finding, note, ok, problem } from "../finding.ts"
import { explainStatus, inWordsOf, quote } from "./answer.ts"
import { type Answer, exchange } from "./exchange.ts"
import { explainSilence } from "./reach.ts"

export interface Upgrade {
  readonly findings: readonly Finding[]
  readonly opened: boolean
}

/** The answer to the opening handshake of a WebSocket, as a program opens it: without the name of a page. */
export async function checkUpgrade(url: URL): Promise<Upgrade> {
  const key = randomBytes(16).toString("base64")
  const outcome = await exchange(url, handshake(key))
  if (outcome.kind === "silence") return { findings: [explainSilence(url, outcome)], opened: false }
  if (outcome.status !== 101) return { findings: [explain(url, outcome)], opened: false }
  const wrong = wrongHeader(outcome, key)
  if (!wrong) return { findings: [ok("upgrade", `${url.pathname} becomes a WebSocket`)], opened: true }
  return {
    findings: [
      problem("upgrade", `the answer to the WebSocket handshake is not a server's: ${wrong}`, {
        cause: "a proxy or a virus scanner on the way answers by itself",
        fix: "try from another network; with wss:// nothing on the way can look inside",
      }),
    ],
    opened: false,
  }
}

/** The same as a browser opens it: with the origin of the page. */
export async function checkOrigin(url: URL, origin: string, isOwn: boolean): Promise<Finding[]> {
  const outcome = await exchange(url, { ...handshake(), Origin: origin })
  if (outcome.kind === "silence") return [explainSilence(url, outcome)]
  if (outcome.status === 101) return [ok("origin", `pages of ${origin} may connect`)]
  if (outcome.status !== 403) return [explain(url, outcome)]
  return [
    problem(
      "origin",
      `pages of ${origin} may not connect (403)`,
      isOwn ? ownOrigin(outcome) : foreignOrigin(origin, outcome),
    ),
  ]
}

function ownOrigin(answer: Answer) {
  return {
    cause:
      "the server is asked by another name than the page is: the proxy does not hand on the Host header, with its port",
    fix: inWordsOf(answer, {
      nginx: "nginx: proxy_set_header Host $http_host; (or add the site to server.origins)",
      apache: "Apache: ProxyPreserveHost On (or add the site to server.origins)",
      other: "let the proxy hand on Host as it came, or add the site to server.origins",
    }),
  }
}

function foreignOrigin(origin: string, { body }: Answer) {
  if (!body.includes("server.origins"))
    return {
      cause: `something before the server refuses it: ${quote(body)}`,
      fix: "look at the rules of the proxy or firewall",
    }
  return {
    cause: "the server lets in pages of its own host and of those in server.origins",
    fix: `in skein.toml: [server] origins = ["${origin}"]`,
  }
}

/** Whether pages of anybody may connect. */
export async function checkForeignPages(url: URL): Promise<Finding[]> {
  const outcome = await exchange(url, { ...handshake(), Origin: "https://skein-doctor.invalid" })
  if (outcome.kind === "silence" || outcome.status !== 101) return []
  return [
    note(
      "origin.any",
      "pages of every site may connect",
      'server.origins is "*": where people are known by their cookie, name the sites instead',
    ),
  ]
}

const handshake = (key = randomBytes(16).toString("base64")): Record<string, string> => ({
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": key,
})

/** RFC 6455, section 4.2.2: proves that the answer is to this question. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

function wrongHeader({ headers }: Answer, key: string): string | undefined {
  const expected = createHash("sha1").update(`${key}${GUID}`).digest("base64")
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return "no Upgrade: websocket"
  if (headers.get("sec-websocket-accept") !== expected) return "Sec-WebSocket-Accept does not fit the key"
  return undefined
}

function explain(url: URL, answer: Answer): Finding {
  const { status, body, headers } = answer
  if (status === 426 && body.includes("without the header Upgrade")) return lostHeaders(answer)
  const general = explainStatus("upgrade", url, answer)
  if (general) return general
  if (status === 404 && body.includes("no WebSocket endpoint"))
    return problem("upgrade", `the server has no WebSocket at the path that reaches it (asked: ${url.pathname})`, {
      cause: "the proxy does not take its prefix away, or takes away too much",
      fix: inWordsOf(answer, {
        nginx:
          "in nginx the prefix goes by a slash at the end of both: location /skein/ { proxy_pass http://127.0.0.1:8080/; }",
        apache:
          'in Apache by a slash at the end of both: ProxyPass "/skein/" "http://127.0.0.1:8080/" upgrade=websocket',
        other: "let the proxy hand on /connection/websocket without its prefix",
      }),
    })
  if (status === 429)
    return problem("upgrade", `too many connections from here (429): ${quote(body)}`, {
      cause: "limits.max_connections_per_ip is reached; behind a proxy that is not trusted all clients count as one",
      fix: "set server.trusted_proxies and X-Forwarded-For, or raise the limit",
    })
  if (status === 403)
    return problem("upgrade", `something refuses the WebSocket (403): ${quote(body)}`, {
      cause: "a rule of the proxy, a firewall for web applications or the CDN",
      fix: "exempt this path from the rule; in a CDN switch WebSockets on for this host",
    })
  const isPage = status === 200 && /html/.test(headers.get("content-type") ?? "")
  return problem("upgrade", `no WebSocket at ${url.pathname}: ${status} ${isPage ? "and a page" : quote(body)}`, {
    cause: "another application answers at this path",
    fix: "give the path a place of its own in the proxy that leads to Skein, and check the path in the client",
  })
}

function lostHeaders(answer: Answer): Finding {
  return problem("upgrade", "a proxy on the way takes the upgrade headers away (426)", {
    cause: "Upgrade and Connection are for one hop; a proxy has to be told to pass them on",
    fix: inWordsOf(answer, {
      nginx:
        'nginx, where proxy_pass is: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
      apache: 'Apache 2.4.47 or later: ProxyPass "/" "http://127.0.0.1:8080/" upgrade=websocket',
      other:
        "switch WebSockets on in the load balancer or the CDN for this host; HAProxy hands them on unless a rule takes the headers away (del-header Upgrade)",
    }),
  })
}
