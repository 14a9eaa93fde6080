import type { FieldDoc } from "./fields.ts"

/** `pingIntervalMs` is `ping_interval` in the file: there a duration carries its unit in the value. */
export function fileKey(key: string, kind: FieldDoc["kind"] | undefined): string {
  const bare = kind === "duration" ? key.replace(/Ms$/, "") : key
  return bare.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `limits.ping_interval` is `SKEIN_LIMITS_PING_INTERVAL`. */
export function environmentName(name: string): string {
  return `SKEIN_${name.replaceAll(".", "_").toUpperCase()}`
}

/** What has a short variable has a short name too: `SKEIN_API_KEY` is `api_key`. */
export function shortName(variable: string): string {
  return variable.replace(/^SKEIN_/, "").toLowerCase()
}
