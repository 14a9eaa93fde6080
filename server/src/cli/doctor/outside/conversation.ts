import type { Language } from "./target.ts"

/** How a conversation in one of the protocols goes, as far as a silent listener needs it. */
export interface Conversation {
  /** Said first; undefined: the server speaks first. */
  readonly opening: string | undefined
  /** What a frame of the server means. */
  hear(frame: string): Heard
}

export type Heard =
  /** It lets us in. `pingSeconds`: how often it will ask for a sign of life. */
  | { readonly kind: "welcome"; readonly pingSeconds?: number }
  /** It understood and will not have us: most often without proof of who we are. `code`: Pusher's reason, as a number. */
  | { readonly kind: "refused"; readonly why: string; readonly code?: number }
  | { readonly kind: "ping"; readonly answer: string }
  | { readonly kind: "other" }

/** @param token - proof of who we are, where the protocol takes one */
export function conversation(language: Language, token: string | undefined): Conversation {
  if (language === "centrifuge")
    return { opening: JSON.stringify({ id: 1, connect: token ? { token } : {} }), hear: centrifuge }
  if (language === "plain") return { opening: JSON.stringify({ type: "ping" }), hear: plain }
  return { opening: undefined, hear: pusher }
}

function centrifuge(frame: string): Heard {
  if (frame.trim() === "{}") return { kind: "ping", answer: "{}" }
  const { connect, error } = parse(frame) as { connect?: { ping?: number }; error?: { message?: string } }
  if (error) return { kind: "refused", why: String(error.message) }
  if (connect) return { kind: "welcome", ...(connect.ping === undefined ? {} : { pingSeconds: Number(connect.ping) }) }
  return { kind: "other" }
}

function plain(frame: string): Heard {
  const { type } = parse(frame) as { type?: string }
  return type === "pong" ? { kind: "welcome" } : { kind: "other" }
}

function pusher(frame: string): Heard {
  const { event, data } = parse(frame) as { event?: string; data?: { code?: number; message?: string } }
  if (event === "pusher:ping") return { kind: "ping", answer: '{"event":"pusher:pong","data":"{}"}' }
  if (event === "pusher:connection_established") return { kind: "welcome" }
  if (event !== "pusher:error") return { kind: "other" }
  return { kind: "refused", why: String(data?.message), ...(data?.code == null ? {} : { code: Number(data.code) }) }
}

/** Several replies of a frame stand on lines; the first is the one to our first word. */
function parse(frame: string): object {
  try {
    const parsed: unknown = JSON.parse(frame.split("\n")[0] ?? "")
    return typeof parsed === "object" && parsed !== null ? parsed : {}
  } catch {
    return {} // Not JSON: nothing of these protocols.
  }
}
