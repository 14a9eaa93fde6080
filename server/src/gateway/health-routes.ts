import { Hono } from "hono"

const NEEDS_KEY = "metrics need the API key (X-API-Key)\n"

/** What the health routes answer from. */
export interface HealthParts {
  /** Undefined: this node delivers what is published. Otherwise why not. */
  readonly problem: () => string | undefined
  readonly isDraining: () => boolean
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** About the Pusher apps: what was refused and why, and the state of their webhooks. Undefined: Pusher is off. */
  readonly pusherStatus: () => object | undefined
  /** What proxies said about a request, without addresses (`Gateway.way`). */
  readonly way: (request: Request) => object
  /** Metrics tell about the site's business: they need the API key unless the request comes from this machine. */
  readonly mayReadMetrics: (request: Request) => boolean
}

/**
 * `/health`: the process lives (restart it when not); with `?way` also what became of what proxies said.
 * `/ready`: it delivers (send it no traffic when not).
 * `/metrics`: Prometheus. `/metrics/pusher`: the refusals and webhooks of Pusher apps with their reasons, as JSON.
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
