import type { ExpressionBuilder } from "kysely"
import type { StoreInput, StoreOutput } from "../contract.ts"
import { padded } from "./lists.ts"
import { leave } from "./membership.ts"
import type { Db, Tables } from "./schema.ts"

export async function quietGuests(db: Db, input: StoreInput<"quietGuests">): Promise<StoreOutput<"quietGuests">> {
  const { seenBeforeMs, after = "", limit } = input
  const page = await db
    .selectFrom("user")
    .select("id")
    .where("guest", "=", 1)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute()
  const last = page.at(-1)?.id
  if (last === undefined) return { ids: [] }
  const quiet = await db
    .selectFrom("user")
    .select("id")
    .where("id", ">", after)
    .where("id", "<=", last)
    .where((eb) => isQuiet(eb, seenBeforeMs))
    .orderBy("id")
    .execute()
  return { ids: quiet.map(({ id }) => id), ...(page.length < limit ? {} : { next: last }) }
}

export async function forgetGuests(db: Db, input: StoreInput<"forgetGuests">): Promise<StoreOutput<"forgetGuests">> {
  if (input.ids.length === 0) return { forgotten: [] }
  const quiet = await db
    .selectFrom("user")
    .select("id")
    .where("id", "in", padded(input.ids))
    .where((eb) => isQuiet(eb, input.seenBeforeMs))
    .orderBy("id")
    .execute()
  const forgotten = quiet.map(({ id }) => id)
  for (const userId of forgotten) await forget(db, userId)
  return { forgotten }
}

async function forget(db: Db, userId: string): Promise<void> {
  const places = await db
    .selectFrom("member")
    .innerJoin("conversation", "conversation.id", "member.conv_id")
    .select(["conversation.id", "conversation.kind"])
    .where("member.user_id", "=", userId)
    .execute()
  for (const { id, kind } of places) {
    if (kind === "room") await leave(db, { conversationId: id, userId })
    else await removeEmptyDirect(db, id)
  }
  await db.deleteFrom("user").where("id", "=", userId).execute()
}

async function removeEmptyDirect(db: Db, id: string): Promise<void> {
  await db.deleteFrom("member").where("conv_id", "=", id).execute()
  await db.deleteFrom("conversation").where("id", "=", id).execute()
}

/**
 * Whoever has said something is its sender for ever; whoever has a direct conversation is somebody's peer. One that he
 * opened himself and that nobody has used is not, the other one has never heard of it.
 */
function isQuiet(eb: ExpressionBuilder<Tables, "user">, seenBeforeMs: number) {
  const said = eb.selectFrom("message").select("message.seq").whereRef("message.sender_id", "=", "user.id")
  const talks = eb
    .selectFrom("member")
    .innerJoin("conversation", "conversation.id", "member.conv_id")
    .select("member.conv_id")
    .whereRef("member.user_id", "=", "user.id")
    .where("conversation.kind", "=", "direct")
    .where((of) => of.or([of("conversation.seq_head", ">", 0), of("conversation.created_by", "<>", of.ref("user.id"))]))
  return eb.and([
    eb("user.guest", "=", 1),
    eb("user.seen_at", "<", seenBeforeMs),
    eb.not(eb.exists(said)),
    eb.not(eb.exists(talks)),
  ])
}
