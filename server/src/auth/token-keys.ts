import { createPublicKey, type KeyObject } from "node:crypto"
import { type CryptoKey, createLocalJWKSet, importSPKI, type JSONWebKeySet, type JWTVerifyGetKey } from "jose"
import type { TokenKeyOptions } from "./options.ts"
import { remoteKeySet } from "./remote-key-set.ts"
import { UnusableKey } from "./unusable-key.ts"

/**
 * The keys tokens are checked with, by algorithm.
 *
 * A key is only ever used with the algorithms of its own type, decided when it is configured and not by what a
 * token's header says: a public key can never serve as an HMAC secret, and `none` has no key.
 */
export interface TokenKeys {
  /** Keys to try, in order. Empty: nothing configured can have signed a token of this algorithm. */
  candidates(algorithm: string): readonly (CryptoKey | Uint8Array | JWTVerifyGetKey)[]
}

const HMAC_ALGORITHMS = ["HS256", "HS384", "HS512"]
const RSA_ALGORITHMS = ["RS256", "RS384", "RS512"]
const ED25519_ALGORITHMS = ["EdDSA", "Ed25519"]
const CURVE_ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ["ES256"],
  secp384r1: ["ES384"],
  secp521r1: ["ES512"],
}
const ASYMMETRIC_ALGORITHMS = [...RSA_ALGORITHMS, ...Object.values(CURVE_ALGORITHMS).flat(), ...ED25519_ALGORITHMS]
const MIN_RSA_BITS = 2048

/** @throws UnusableKey for a key that cannot be used; the text names which one and why, never the key */
export async function createTokenKeys(options: TokenKeyOptions): Promise<TokenKeys> {
  const byAlgorithm = new Map<string, (CryptoKey | Uint8Array | JWTVerifyGetKey)[]>()
  const add = (algorithm: string, key: CryptoKey | Uint8Array | JWTVerifyGetKey) => {
    byAlgorithm.set(algorithm, [...(byAlgorithm.get(algorithm) ?? []), key])
  }
  for (const [index, secret] of (options.hmacSecrets ?? []).entries()) {
    const bytes = secretBytes(secret, index)
    for (const algorithm of HMAC_ALGORITHMS) add(algorithm, bytes)
  }
  for (const [index, pem] of (options.publicKeys ?? []).entries()) {
    const key = readPublicKey(pem, index)
    const spki = key.export({ type: "spki", format: "pem" }).toString()
    for (const algorithm of algorithmsOf(key, index)) add(algorithm, await importSPKI(spki, algorithm))
  }
  for (const source of options.jwks ?? []) {
    const set = "url" in source ? remoteKeySet(source) : localKeySet(source.set)
    for (const algorithm of ASYMMETRIC_ALGORITHMS) add(algorithm, set)
  }
  return { candidates: (algorithm) => byAlgorithm.get(algorithm) ?? [] }
}

function localKeySet(set: JSONWebKeySet): JWTVerifyGetKey {
  try {
    const keys = createLocalJWKSet(set)
    if (set.keys.length > 0) return keys
  } catch (cause) {
    throw new UnusableKey('the JWKS file holds no JSON Web Key Set: expected {"keys": [{"kty": …}, …]}', { cause })
  }
  throw new UnusableKey("the JWKS file holds no key")
}

function secretBytes(secret: string, index: number): Uint8Array {
  if (secret === "") throw new UnusableKey(`HMAC secret ${index + 1} is empty: anyone could sign with it`)
  if (secret.includes("-----BEGIN"))
    throw new UnusableKey(
      `HMAC secret ${index + 1} is a PEM key: put it under public keys, as a public key is not a secret`,
    )
  return new TextEncoder().encode(secret)
}

function readPublicKey(pem: string, index: number): KeyObject {
  if (pem.includes("PRIVATE KEY-----"))
    throw new UnusableKey(`public key ${index + 1} is a private key: the server needs only its public half`)
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new UnusableKey(`public key ${index + 1} is not a PEM public key or certificate`, { cause })
  }
}

function algorithmsOf(key: KeyObject, index: number): readonly string[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === "rsa") {
    if (modulusLength >= MIN_RSA_BITS) return RSA_ALGORITHMS
    throw new UnusableKey(
      `public key ${index + 1} is RSA with ${modulusLength} bits: at least ${MIN_RSA_BITS} are needed`,
    )
  }
  if (key.asymmetricKeyType === "ed25519") return ED25519_ALGORITHMS
  const algorithms = key.asymmetricKeyType === "ec" ? CURVE_ALGORITHMS[namedCurve] : undefined
  if (algorithms) return algorithms
  const kind = `${key.asymmetricKeyType} ${namedCurve}`.trim()
  throw new UnusableKey(`public key ${index + 1} is ${kind}: expected RSA, EC on P-256, P-384 or P-521, or Ed25519`)
}
