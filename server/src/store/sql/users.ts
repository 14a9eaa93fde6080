import { SkeinError } from "../../core/errors.ts"
import type { StoredUser } from "../contract.ts"
import { padded } from "./lists.ts"
import { toUser, USER_COLUMNS } from "./rows.ts"
import type { Db } from "./schema.ts"

/** @throws SkeinError `not_found` */
export async function ensureUser(db: Db, userId: string): Promise<StoredUser> {
  const [user] = await usersById(db, [userId])
  if (user) return user
  throw new SkeinError("not_found", "this user is not known here yet")
}

/** Unknown ids are left out. */
export async function usersById(db: Db, ids: readonly string[]): Promise<StoredUser[]> {
  if (ids.length === 0) return []
  const rows = await db.selectFrom("user").select(USER_COLUMNS).where("id", "in", padded(ids)).execute()
  return rows.map(toUser)
}
