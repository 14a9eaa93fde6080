import { readdir, readFile } from "node:fs/promises"
import { join, relative, sep } from "node:path"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"

/** Where the pages are, and where their assets are fetched from. */
export interface StaticOptions {
  /** The built web client. */
  readonly root: string
  /** Where hashed assets are fetched from instead, e.g. `https://cdn.example/skein/`. Empty: from here. */
  readonly assetsBaseUrl: string
}

interface Asset {
  readonly type: string
  readonly cacheControl: string
  readonly plain: Uint8Array
  readonly etag: string
  /** Undefined: compression does not make it smaller. */
  readonly gzip: Uint8Array | undefined
  readonly brotli: Uint8Array | undefined
  readonly isPage: boolean
}

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  json: "application/json",
  webmanifest: "application/manifest+json",
  png: "image/png",
  ico: "image/x-icon",
  txt: "text/plain; charset=utf-8",
  woff2: "font/woff2",
}

/** Names with a content hash never change their content. */
const HASHED = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/

/** Pages that are there and cannot be read: half of them would be worse than no server. */
export class PagesError extends Error {
  constructor(root: string, cause: Error) {
    super(
      `the pages in ${root} cannot be read: ${cause.message}; if they are being built or replaced, start again when that is done, otherwise let this user read them`,
      { cause },
    )
    this.name = "PagesError"
  }
}

/**
 * The built pages, read and compressed once at start: a few hundred kilobytes, served from memory.
 * Only files found then exist; a request path is a key, never a path of the file system.
 */
export class StaticFiles {
  readonly #assets: ReadonlyMap<string, Asset>
  readonly #policy: string

  private constructor(assets: ReadonlyMap<string, Asset>, assetsBaseUrl: string) {
    this.#assets = assets
    this.#policy = contentSecurityPolicy(assetsBaseUrl)
  }

  /** @throws PagesError when something of them cannot be read */
  static async load({ root, assetsBaseUrl }: StaticOptions): Promise<StaticFiles> {
    const assets = new Map<string, Asset>()
    try {
      for (const path of await filesBelow(root))
        assets.set(`/${relative(root, path).split(sep).join("/")}`, await load(path, assetsBaseUrl))
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === undefined ? error : new PagesError(root, error as Error)
    }
    const index = assets.get("/index.html")
    if (index) assets.set("/", index)
    return new StaticFiles(assets, assetsBaseUrl)
  }

  /** Undefined: no such file. */
  respond(request: Request, pathname: string): Response | undefined {
    const asset = this.#assets.get(pathname)
    if (!asset) return undefined
    const headers: Record<string, string> = {
      "Content-Type": asset.type,
      "Cache-Control": asset.cacheControl,
      "X-Content-Type-Options": "nosniff",
      ETag: asset.etag,
      Vary: "Accept-Encoding",
      ...(asset.isPage ? this.#pageHeaders() : FOR_EVERYBODY),
    }
    if (request.headers.get("if-none-match") === asset.etag) return new Response(null, { status: 304, headers })
    const [encoding, body] = choose(asset, request.headers.get("accept-encoding") ?? "")
    if (encoding) headers["Content-Encoding"] = encoding
    headers["Content-Length"] = String(body.byteLength)
    return new Response(request.method === "HEAD" ? null : (body as Uint8Array<ArrayBuffer>), { headers })
  }

  #pageHeaders(): Record<string, string> {
    return {
      "Content-Security-Policy": this.#policy,
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
  }
}

/** With `assets.base_url` browsers run modules of another origin only when these headers allow it. No file here is secret. */
const FOR_EVERYBODY = { "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" }

function contentSecurityPolicy(assetsBaseUrl: string): string {
  const assets = assetsBaseUrl === "" ? "'self'" : `'self' ${new URL(assetsBaseUrl).origin}`
  return [
    "default-src 'none'",
    `script-src ${assets}`,
    `style-src ${assets}`,
    `font-src ${assets}`,
    `img-src ${assets} data: https:`,
    "connect-src 'self' ws: wss:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join("; ")
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return []
      throw error
    },
  )
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function load(path: string, assetsBaseUrl: string): Promise<Asset> {
  const extension = path.slice(path.lastIndexOf(".") + 1)
  const isPage = extension === "html"
  const read = await readFile(path)
  const plain = isPage ? Buffer.from(pointAssetsTo(read.toString("utf8"), assetsBaseUrl)) : read
  const hash = new Bun.CryptoHasher("sha256").update(plain).digest("base64url").slice(0, 22)
  return {
    type: TYPES[extension] ?? "application/octet-stream",
    cacheControl: HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
    plain,
    etag: `"${hash}"`,
    gzip: smaller(plain, await promisify(gzip)(plain, { level: 9 })),
    brotli: smaller(plain, await promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })),
    isPage,
  }
}

/** The page names its assets relatively (`./assets/…` or `assets/…`). */
function pointAssetsTo(html: string, baseUrl: string): string {
  if (baseUrl === "") return html
  const base = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`
  return html.replace(/(src|href)="\.?\/?assets\//g, `$1="${base}assets/`)
}

function smaller(plain: Uint8Array, compressed: Uint8Array): Uint8Array | undefined {
  return compressed.byteLength < plain.byteLength * 0.95 ? compressed : undefined
}

function choose(asset: Asset, accepted: string): [string | undefined, Uint8Array] {
  if (asset.brotli && /\bbr\b/.test(accepted)) return ["br", asset.brotli]
  if (asset.gzip && /\bgzip\b/.test(accepted)) return ["gzip", asset.gzip]
  return [undefined, asset.plain]
}
