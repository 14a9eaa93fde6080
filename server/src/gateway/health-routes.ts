import { Hono } from "hono"

const NEEDS_KEY = "metrics need the API key (X-API-Key)\n"

export interface HealthParts {
  /** Undefined: this node delivers what is published. Otherwise why not. */
  readonly problem: () => string | undefined
  readonly isDraining: () => boolean
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** More than numbers about the Pusher apps: what was refused and why, how webhooks fare. Undefined: there are none. */
  readonly pusherStatus: () => object | undefined
  /** How the request's way to us is set up; names no addresses. */
  readonly way: (request: Request) => object
  /** Metrics tell about the site's business: they need the API key unless the request comes from this machine. */
  readonly mayReadMetrics: (request: Request) => boolean
}

/**
 * `/health`: the process lives (restart it when not); with `?way` also what became of what proxies say. `/ready`: it delivers (send it no traffic when not).
 * `/metrics`: Prometheus. `/metrics/pusher`: what numbers do not say, as JSON.
 */
export function healthRoutes({ problem, isDraining, metrics, pusherStatus, way, mayReadMetrics }: HealthParts): Hono {
  const routes = new Hono()
  routes.get("/health", (context) => {
    const asked = context.req.query("way") !== undefined
    return context.json({ status: "ok", ...(asked ? { way: way(context.req.raw) } : {}) })
  })
  routes.get("/ready", (context) => {
    if (isDraining()) return context.json({ status: "draining" }, 503)
    const why = problem()
    return why === undefined ? context.json({ status: "ready" }) : context.json({ status: "not ready", why }, 503)
  })
  routes.get("/metrics", async (context) => {
    if (!mayReadMetrics(context.req.raw)) return context.text(NEEDS_KEY, 401)
    const { contentType, text } = await metrics()
    return context.body(text, 200, { "Content-Type": contentType })
  })
  routes.get("/metrics/pusher", (context) => {
    if (!mayReadMetrics(context.req.raw)) return context.text(NEEDS_KEY, 401)
    const status = pusherStatus()
    return status ? context.json(status) : context.text("Pusher is switched off here (pusher.enabled)\n", 404)
  })
  return routes
}
