import { isIP } from "node:net"
import { checkServerIdentity, connect, type PeerCertificate } from "node:tls"
import { type Finding, ok, problem, warning } from "../finding.ts"
import { bareHost, portOf } from "./exchange.ts"

const DAY_MS = 86_400_000
const SOON_DAYS = 14
const DEADLINE_MS = 10_000

interface Shown {
  readonly certificate: PeerCertificate
  /** Why it is not trusted; undefined: it is. */
  readonly distrust: string | undefined
  readonly version: string
}

/** Whom the certificate names, who vouches for it, and until when. Empty when no TLS connection comes about. */
export async function checkCertificate(url: URL, nowMs: number): Promise<Finding[]> {
  const shown = await shownBy(url)
  if (!shown) return []
  const { certificate, distrust, version } = shown
  const days = Math.floor((Date.parse(certificate.valid_to) - nowMs) / DAY_MS)
  const findings = [...nameFindings(url, certificate), ...dateFindings(certificate, days), ...trustFindings(distrust)]
  if (findings.some(({ severity }) => severity === "problem")) return findings
  return [...findings, ok("tls", `the certificate is trusted, valid for ${days} more days (${version})`)]
}

function nameFindings(url: URL, certificate: PeerCertificate): Finding[] {
  const error = checkServerIdentity(bareHost(url), certificate)
  if (!error) return []
  return [
    problem("tls.name", `the certificate is for ${certificate.subjectaltname ?? "no name"}, not for ${bareHost(url)}`, {
      cause: "the proxy shows the certificate of another site: it has no server block for this name, or a wrong one",
      fix: "get a certificate for this name and name it in the server block of this name",
    }),
  ]
}

function dateFindings({ valid_from, valid_to }: PeerCertificate, days: number): Finding[] {
  const remedy = {
    cause: "nothing renewed it, or the proxy was not reloaded after it was renewed",
    fix: "renew it (certbot renew) and reload the proxy (nginx -s reload); put both into a timer",
  }
  if (days < 0) return [problem("tls.expiry", `the certificate expired on ${valid_to}`, remedy)]
  if (days < SOON_DAYS)
    return [warning("tls.expiry", `the certificate expires in ${days} days, on ${valid_to}`, remedy)]
  if (Date.parse(valid_from) > Date.now())
    return [
      problem("tls.expiry", `the certificate is valid from ${valid_from} only`, {
        ...remedy,
        cause: "a clock is wrong",
      }),
    ]
  return []
}

/** Dates and names have findings of their own. */
const OWN_FINDINGS = /EXPIRED|NOT_YET_VALID|ALTNAME/

function trustFindings(distrust: string | undefined): Finding[] {
  if (distrust === undefined || OWN_FINDINGS.test(distrust)) return []
  const selfSigned = distrust.includes("SELF_SIGNED")
  return [
    problem("tls.chain", `browsers will not trust the certificate (${distrust})`, {
      cause: selfSigned
        ? "it is signed by nobody browsers know"
        : "the certificates between it and a known authority are not sent along",
      fix: selfSigned
        ? "use one of a public authority, or install your own authority on every device; here: NODE_EXTRA_CA_CERTS=authority.pem"
        : "give the proxy the file with the whole chain (Let's Encrypt: fullchain.pem, not cert.pem)",
    }),
  ]
}

function shownBy(url: URL): Promise<Shown | undefined> {
  return new Promise((resolve) => {
    const host = bareHost(url)
    const names = isIP(host) === 0 ? { servername: host } : {}
    const socket = connect({ host, port: portOf(url), ...names, rejectUnauthorized: false }, () => {
      const distrust = socket.authorized ? undefined : String(socket.authorizationError)
      const certificate = socket.getPeerCertificate()
      settle({ certificate, distrust, version: socket.getProtocol() ?? "TLS" })
    })
    const timer = setTimeout(() => settle(undefined), DEADLINE_MS)
    const settle = (shown: Shown | undefined) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(shown)
    }
    // The first request finds out that there is no connection, and why.
    socket.once("error", () => settle(undefined))
  })
}
