import type { App } from "../apps.ts"
import { channelNameProblem, kindOf } from "../channel-kinds.ts"
import { type Fields, parseObject } from "../json.ts"
import { Refusal } from "../refusal.ts"
import { parseSocketId } from "../socket-id.ts"
import type { Query } from "./query.ts"

/** An event that a back end wants to be published, checked. */
export interface EventRequest {
  readonly name: string
  readonly data: string
  readonly channels: readonly string[]
  /** The connection that caused it and gets nothing. */
  readonly socketId: string | undefined
  readonly info: readonly string[]
  /** Same key, same answer, nothing published twice. */
  readonly idempotencyKey: string | undefined
}

const MAX_IDEMPOTENCY_KEY_BYTES = 128

/** @throws Refusal 400 */
export function bodyFields(body: Uint8Array): Fields {
  const fields = parseObject(Buffer.from(body).toString("utf8"))
  if (fields) return fields
  throw new Refusal(400, "The body must be a JSON object")
}

/** Parameters in the query count where the body has none. */
export function withQuery(fields: Fields, query: Query): Fields {
  const names = ["name", "data", "channel", "socket_id", "info"].filter((name) => query.has(name))
  const fromQuery = Object.fromEntries(names.map((name) => [name, query.get(name)]))
  const channels = query.get("channels")
  return { ...fromQuery, ...(channels === undefined ? {} : { channels: channels.split(",") }), ...fields }
}

/** @throws Refusal 400 or 413 */
export function readEvent(app: App, fields: Fields): EventRequest {
  const { limits } = app.options
  const { name, data, socket_id: socketId } = fields
  if (typeof name !== "string" || name === "") throw new Refusal(400, '"name" must be the name of the event')
  if (name.length > limits.maxEventNameLength)
    throw new Refusal(
      400,
      `An event name may have ${limits.maxEventNameLength} characters, this one has ${name.length}`,
    )
  if (/^pusher(_internal)?:/.test(name))
    throw new Refusal(400, "Event names beginning with pusher: or pusher_internal: are the protocol's own")
  if (typeof data !== "string")
    throw new Refusal(400, '"data" must be a string: encode it as JSON before it goes into the JSON of the body')
  ensureSize(data, limits.maxEventBytes)
  if (socketId !== undefined && socketId !== null && (typeof socketId !== "string" || !parseSocketId(socketId)))
    throw new Refusal(400, `"socket_id" must look like 123.456, got ${JSON.stringify(socketId)}`)
  return {
    name,
    data,
    channels: readChannels(app, fields),
    socketId: typeof socketId === "string" ? socketId : undefined,
    info: readInfo(fields.info),
    idempotencyKey: readIdempotencyKey(fields.idempotency_key),
  }
}

/** @throws Refusal 400 or 413, naming the first bad event */
export function readBatch(app: App, { batch }: Fields): EventRequest[] {
  const { maxEventsPerBatch } = app.options.limits
  if (!Array.isArray(batch)) throw new Refusal(400, '"batch" must be a list of events')
  if (batch.length > maxEventsPerBatch)
    throw new Refusal(400, `A batch may have ${maxEventsPerBatch} events, this one has ${batch.length}`)
  return batch.map((event: unknown, index) => {
    try {
      if (typeof event !== "object" || event === null) throw new Refusal(400, "it must be an object")
      return readEvent(app, { ...event, channels: undefined })
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(error.status, `Event ${index} of the batch: ${error.message}`)
      throw error
    }
  })
}

function ensureSize(data: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(data)
  if (bytes <= maxBytes) return
  throw new Refusal(
    413,
    `The data content of this event exceeds the allowed maximum (${maxBytes} bytes): it has ${bytes} bytes. ` +
      "Send less, for example an id to fetch the rest by, or raise the limit in the server's configuration",
  )
}

function readChannels(app: App, { channels, channel }: Fields): readonly string[] {
  const { limits, channelNames } = app.options
  const list: unknown = channels ?? (channel === undefined ? undefined : [channel])
  if (!Array.isArray(list) || list.length === 0 || !list.every((name) => typeof name === "string"))
    throw new Refusal(400, '"channels" must be a list of channel names (or "channel" one name)')
  if (list.length > limits.maxChannelsPerEvent)
    throw new Refusal(
      400,
      `An event may go to ${limits.maxChannelsPerEvent} channels at once, this one to ${list.length}`,
    )
  for (const name of list) {
    const problem = channelNameProblem(name, channelNames, limits.maxChannelLength)
    if (problem !== undefined) throw new Refusal(400, `Invalid channel: ${problem}`)
  }
  if (list.length > 1 && list.some((name) => kindOf(name).encrypted))
    throw new Refusal(400, "An event for an encrypted channel can go to that one channel only: each has its own key")
  return [...new Set<string>(list)]
}

function readInfo(info: unknown): readonly string[] {
  if (info === undefined || info === null || info === "") return []
  if (typeof info === "string") return info.split(",").map((name) => name.trim())
  if (Array.isArray(info)) return info.map(String)
  throw new Refusal(400, '"info" must be a comma-separated list')
}

function readIdempotencyKey(key: unknown): string | undefined {
  if (key === undefined || key === null) return undefined
  if (typeof key === "string" && key !== "" && Buffer.byteLength(key) <= MAX_IDEMPOTENCY_KEY_BYTES) return key
  throw new Refusal(400, `"idempotency_key" must be text of 1 to ${MAX_IDEMPOTENCY_KEY_BYTES} bytes`)
}
