import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { type Finding, ok, problem } from "../finding.ts"
import { bareHost, portOf, type Silence } from "./exchange.ts"

/** Whether the host's name resolves to an address. */
export async function checkName(url: URL): Promise<Finding[]> {
  const host = bareHost(url)
  if (isIP(host) !== 0) return []
  try {
    const addresses = await lookup(host, { all: true })
    return [ok("dns", `${host} is ${addresses.map(({ address }) => address).join(", ")}`)]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return [
      problem("dns", `the name ${host} leads to no address (${code ?? error})`, {
        cause: "the name is misspelt, has no A or AAAA record yet, or this machine's resolver does not know it",
        fix: `look at the records with: getent ahosts ${host}`,
      }),
    ]
  }
}

/** What it means when no HTTP answer comes. */
export function explainSilence(url: URL, { stage, code }: Silence): Finding {
  const place = `${bareHost(url)}:${portOf(url)}`
  if (code === "HTTP2") return HTTP2(place)
  if (stage === "connect") return explainConnect(place, code)
  if (stage === "tls") return explainTls(place, code)
  return problem("answer", `${place} takes the connection and gives no HTTP answer (${code})`, {
    cause: "something else listens there, or a proxy waits for a server that does not answer",
    fix: `look at what listens on that port; without TLS use ws://, with TLS wss://`,
  })
}

const HTTP2 = (place: string): Finding =>
  problem("http2", `${place} speaks HTTP/2 only`, {
    cause: "WebSocket clients open HTTP/1.1 connections, and the proxy in front does not accept them",
    fix: "let it offer both. nginx: keep http2 on the listener, it takes both; HAProxy: alpn h2,http/1.1 and no proto h2",
  })

function explainConnect(place: string, code: string): Finding {
  const causes: Readonly<Record<string, readonly [string, string]>> = {
    ECONNREFUSED: [
      "nothing listens on that port",
      "start the proxy or the server, or correct the port; a server on loopback is only reachable from its own machine",
    ],
    ETIMEDOUT: [
      "packets are dropped on the way",
      "open the port in the firewall, and in the security group of the cloud",
    ],
  }
  const [cause, fix] = causes[code] ?? ["the network says so", "check routes and firewalls between here and there"]
  return problem("tcp", `no connection to ${place} (${code})`, { cause, fix })
}

function explainTls(place: string, code: string): Finding {
  if (code.includes("WRONG_VERSION_NUMBER"))
    return problem("tls", `${place} does not speak TLS`, {
      cause: "the port is one for http:// and ws://",
      fix: "use ws:// with this port, or give the proxy a listener with a certificate (nginx: listen 443 ssl)",
    })
  return problem("tls", `no TLS connection to ${place} (${code})`, {
    cause: "the certificate of this name is missing in the proxy, or it allows only TLS versions from before 1.2",
    fix: "look at: openssl s_client -connect HOST:PORT -servername HOST",
  })
}
