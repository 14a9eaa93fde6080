import { type Fields, isObject, parseObject } from "./json.ts"
import { Refusal } from "./refusal.ts"

/** What a client says, read and checked. */
export type ClientMessage =
  | { readonly kind: "ping" }
  | { readonly kind: "pong" }
  | { readonly kind: "subscribe"; readonly subscribe: SubscribeMessage }
  | { readonly kind: "unsubscribe"; readonly channel: string }
  | { readonly kind: "signin"; readonly auth: string; readonly userData: string }
  | { readonly kind: "client_event"; readonly event: string; readonly channel: string; readonly data: string }

export interface SubscribeMessage {
  readonly channel: string
  /** "" when there is none. */
  readonly auth: string
  readonly channelData: string | undefined
  /** Ours: where a client that recovers stands. */
  readonly recover: { readonly epoch: string; readonly offset: number } | undefined
}

/** @throws Refusal 400 */
export function readMessage(text: string): ClientMessage {
  const frame = ensureObject(text, "Received invalid JSON")
  const { event } = frame
  if (typeof event !== "string") throw badMessage('Received a message without "event"')
  if (event.startsWith("client-")) return clientEvent(event, frame)
  const known = READERS[event]
  if (!known) throw badMessage(`Unknown event ${JSON.stringify(event.slice(0, 100))}: client events begin with client-`)
  return known(frame)
}

const READERS: Readonly<Record<string, (frame: Fields) => ClientMessage>> = {
  __proto__: null as never,
  "pusher:ping": () => ({ kind: "ping" }),
  "pusher:pong": () => ({ kind: "pong" }),
  "pusher:subscribe": (frame) => ({ kind: "subscribe", subscribe: subscribeMessage(dataOf(frame)) }),
  "pusher:unsubscribe": (frame) => ({ kind: "unsubscribe", channel: textField(dataOf(frame), "channel") }),
  "pusher:signin": (frame) => {
    const data = dataOf(frame)
    return { kind: "signin", auth: textField(data, "auth"), userData: textField(data, "user_data") }
  },
}

function subscribeMessage(data: Fields): SubscribeMessage {
  const { auth, channel_data: channelData } = data
  return {
    channel: textField(data, "channel"),
    auth: typeof auth === "string" ? auth : "",
    channelData: typeof channelData === "string" ? channelData : undefined,
    recover: position(data.recover),
  }
}

function clientEvent(event: string, { channel, data }: Fields): ClientMessage {
  if (typeof channel !== "string") throw badMessage(`Client event ${JSON.stringify(event)} names no channel`)
  return { kind: "client_event", event, channel, data: typeof data === "string" ? data : JSON.stringify(data ?? {}) }
}

/** An object, or (older clients) an object as JSON text. */
function dataOf({ data }: Fields): Fields {
  if (typeof data === "string") return ensureObject(data, '"data" is neither an object nor JSON of one')
  if (isObject(data)) return data
  throw badMessage('"data" must be an object')
}

function textField(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === "string") return value
  throw badMessage(`"data.${name}" must be a string`)
}

function position(value: unknown): SubscribeMessage["recover"] {
  if (!isObject(value)) return undefined
  const { epoch, offset } = value
  if (typeof epoch !== "string" || !Number.isSafeInteger(offset) || (offset as number) < 0)
    throw badMessage('"data.recover" must be {"epoch":string,"offset":integer}')
  return { epoch, offset: offset as number }
}

function ensureObject(text: string, problem: string): Fields {
  const value = parseObject(text)
  if (value) return value
  throw badMessage(problem)
}

const badMessage = (text: string): Refusal => new Refusal(400, text)
