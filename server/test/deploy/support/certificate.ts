import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { runSystem } from "../../support/program.ts"

export interface Certificate {
  readonly certificate: string
  readonly key: string
  /** Both in one file, as HAProxy wants them. */
  readonly both: string
}

/**
 * A self-signed certificate for these names, as `openssl` makes it.
 *
 * @param days - how long it is valid; -1: it expired yesterday
 */
export function makeCertificate(folder: string, names: readonly [string, ...string[]], days = 30): Certificate {
  const path = (ending: string) => join(folder, `${names[0]}.${days}.${ending}`)
  const [key, request, certificate, both] = [path("key"), path("csr"), path("crt"), path("pem")]
  const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(",")
  openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
  const subject = ["-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${alternatives}`]
  openssl(["req", "-new", "-key", key, "-out", request, ...subject])
  const sign = ["-signkey", key, "-days", String(days), "-copy_extensions", "copyall"]
  openssl(["x509", "-req", "-in", request, "-out", certificate, ...sign])
  writeFileSync(both, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"))
  return { certificate, key, both }
}

function openssl(args: readonly string[]): void {
  const { status, said } = runSystem("openssl", args)
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${said}`)
}
