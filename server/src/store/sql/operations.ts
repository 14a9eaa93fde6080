import { sql } from "kysely"
import type { StoreInput, StoreOperation, StoreOutput } from "../contract.ts"
import { catchUp } from "./catch-up.ts"
import { createRoom, listRooms, openDirect, roomBySlug } from "./conversations.ts"
import { forgetChanges, markRead } from "./cursors.ts"
import { forgetGuests, quietGuests } from "./forgetting.ts"
import { page } from "./history.ts"
import { join } from "./joining.ts"
import { ensureMayRead, leave, members, membership } from "./membership.ts"
import { mergeGuest } from "./merging.ts"
import { appendMessage, deleteMessage, editMessage } from "./messages.ts"
import { hello } from "./overview.ts"
import { endSession, findUsers, isSessionEnded, saveUser, touchUser, users } from "./people.ts"
import type { Db } from "./schema.ts"

export type SqlOperations = {
  readonly [O in StoreOperation]: (db: Db, input: StoreInput<O>) => Promise<StoreOutput<O>>
}

/** Every store operation as SQL, to be run in one transaction each by whoever owns the database. */
export const SQL_OPERATIONS: SqlOperations = {
  saveUser,
  touchUser,
  mergeGuest,
  quietGuests,
  forgetGuests,
  users,
  findUsers,
  endSession,
  isSessionEnded,
  createRoom,
  roomBySlug,
  listRooms,
  join,
  leave,
  openDirect,
  hello,
  membership,
  ensureMayRead,
  members,
  page,
  catchUp,
  appendMessage,
  editMessage,
  deleteMessage,
  markRead,
  forgetChanges,
  probe: async (db) => {
    await sql`select 1`.execute(db)
    return {}
  },
}
