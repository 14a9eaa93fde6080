import { z } from "zod"
import { SkeinError } from "../../../core/errors.ts"
import type { PublishDraft } from "../../../core/log.ts"
import type { Position } from "../../../core/publication.ts"
import type { CentrifugeParts } from "../options.ts"
import { errorBody } from "./errors.ts"
import { type ApiParams, channelName, optionalFlag, optionalText, parseParams, payloadOf, tags } from "./params.ts"

const MAX_IDEMPOTENCY_KEY_LENGTH = 128

const draftSchema = {
  skip_history: optionalFlag,
  tags,
  idempotency_key: z.string().max(MAX_IDEMPOTENCY_KEY_LENGTH).optional(),
  version: z.int().nonnegative().optional(),
  /** Not in Centrifugo: a connection that does not receive it, by client id or by Pusher's socket id. */
  exclude: optionalText,
}
const publishSchema = z.object({ channel: channelName, ...draftSchema })
const broadcastSchema = z.object({
  channels: z.array(channelName, "expected a list with at least one channel"),
  ...draftSchema,
})

type DraftValues = Omit<z.output<typeof publishSchema>, "channel">

/** Publishes to one channel. */
export async function publish({ channels }: CentrifugeParts, params: ApiParams): Promise<string> {
  const values = isPlain(params.values) ? params.values : parseParams(publishSchema, params)
  const { position } = await channels.publish(values.channel, draftOf(values, params))
  return publishResult(position)
}

/** Nothing but a channel and a payload, as nearly always: not worth a walk through the schema. */
function isPlain(values: unknown): values is z.output<typeof publishSchema> {
  const { channel, data } = (values ?? {}) as { channel?: unknown; data?: unknown }
  if (typeof channel !== "string" || channel === "" || data === undefined) return false
  for (const name in values as object) if (name !== "channel" && name !== "data") return false
  return true
}

/** Publishes the same to many channels; each has its own result, in the order asked. */
export async function broadcast({ channels, log }: CentrifugeParts, params: ApiParams): Promise<string> {
  const values = parseParams(broadcastSchema, params)
  const draft = draftOf(values, params)
  const responses = values.channels.map((channel) =>
    channels.publish(channel, draft).then(
      ({ position }) => `{"result":${publishResult(position)}}`,
      (error) => `{"error":${errorBody(error, log)}}`,
    ),
  )
  return `{"responses":[${(await Promise.all(responses)).join()}]}`
}

function draftOf(
  { skip_history, tags, idempotency_key, version, exclude }: DraftValues,
  params: ApiParams,
): PublishDraft {
  const data = payloadOf(params)
  if (data === undefined) throw new SkeinError("bad_request", "data: publish needs data or b64data")
  // Dropping what is older takes a memory of versions as durable as the history: better none than one that forgets.
  if (version) throw new SkeinError("not_available", "version: this server does not order publications by version")
  return {
    data,
    ...(tags === undefined || Object.keys(tags).length === 0 ? {} : { tags }),
    ...(idempotency_key ? { idempotencyKey: idempotency_key } : {}),
    ...(skip_history ? { skipHistory: true } : {}),
    ...(exclude ? { exclude } : {}),
  }
}

/** Exactly `{}` without history: clients of this API compare. */
const publishResult = (position: Position | undefined): string =>
  position === undefined ? "{}" : `{"offset":${position.offset},"epoch":${JSON.stringify(position.epoch)}}`
