import type { HistoryQuery } from "../../../core/log.ts"
import type { CommandOf } from "../codec/messages.ts"
import { toWireInfo, toWirePublication } from "../wire.ts"
import type { CentrifugeSession } from "./session.ts"

export async function history(session: CentrifugeSession, { id, request }: CommandOf<"history">): Promise<void> {
  const { channels } = session.shared.parts
  const page = await channels.history(session.registered, request.channel ?? "", historyQuery(request))
  const { epoch, offset } = page.top
  session.answer(id, { history: { publications: page.publications.map(toWirePublication), epoch, offset } })
}

/** As clients and back ends send it: undefined and null both mean absent. */
interface HistoryParams {
  readonly limit?: number | undefined
  readonly since?:
    | { readonly epoch?: string | null | undefined; readonly offset?: number | null | undefined }
    | undefined
  readonly reverse?: boolean | undefined
}

/** `limit` 0 asks for the position only, -1 for all there is. */
export function historyQuery({ limit = 0, since, reverse = false }: HistoryParams): HistoryQuery {
  const position = since && { epoch: since.epoch ?? "", offset: since.offset ?? 0 }
  return { limit, reverse, ...(position ? { since: position } : {}) }
}

/** Encoding this many members costs as much as serving one command. */
const MEMBERS_PER_COMMAND = 100

export function presence(session: CentrifugeSession, { id, request }: CommandOf<"presence">): void {
  const { channels } = session.shared.parts
  const { channel = "" } = request
  session.ensureAffordable(
    Math.floor(channels.presenceStats(session.registered, channel).clients / MEMBERS_PER_COMMAND),
  )
  const members = channels.presence(session.registered, channel)
  const wire = Object.fromEntries([...members].map(([client, info]) => [client, toWireInfo(info)]))
  session.answer(id, { presence: { presence: wire } })
}

export function presenceStats(session: CentrifugeSession, { id, request }: CommandOf<"presence_stats">): void {
  const stats = session.shared.parts.channels.presenceStats(session.registered, request.channel ?? "")
  session.answer(id, { presence_stats: { num_clients: stats.clients, num_users: stats.users } })
}
