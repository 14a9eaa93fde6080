import { DEFAULT_MIGRATION_TABLE, type Kysely, type Migration, Migrator, sql } from "kysely"
import { SkeinError } from "../../core/errors.ts"
import type { Tables } from "./schema.ts"

/** In order of their names. A migration that was released is never changed; a new one is added. */
export const MIGRATIONS: Record<string, Migration> = {
  "001_chat": { up: createTables },
  "002_cards": { up: addCards },
  "003_merged_guests": { up: addMergedGuests },
  "004_member_settings": { up: addMemberSettings },
  "005_guests": { up: addGuestIndex },
}

/**
 * Brings the tables to this program's version, all of it or nothing.
 * @throws SkeinError `storage_unavailable` when a newer program has migrated them further
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const provider = { getMigrations: async () => MIGRATIONS }
  // Their order is that of their names; what the clock said when each was done proves nothing.
  const migrator = new Migrator({ db, provider, allowUnorderedMigrations: true })
  await ensureNotNewer(db)
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

/** What a newer program has changed is not ours to write into. */
async function ensureNotNewer(db: Kysely<Tables>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db)
  const unknown = rows.map(({ name }) => name).filter((name) => !Object.hasOwn(MIGRATIONS, name))
  if (unknown.length === 0) return
  throw new SkeinError(
    "storage_unavailable",
    `the chat database was changed by a newer version of Skein (${unknown.sort().join(", ")}): start that version, or put a backup from before it in place`,
  )
}

// Key columns have lengths because MySQL indexes need them; 191 characters of 4 bytes fit its oldest limit.
async function createTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("user")
    .addColumn("id", "varchar(128)", (c) => c.primaryKey())
    .addColumn("name", "varchar(160)", (c) => c.notNull())
    .addColumn("name_key", "varchar(191)", (c) => c.notNull())
    .addColumn("avatar", "varchar(500)")
    .addColumn("guest", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("seen_at", "bigint", (c) => c.notNull())
    .execute()
  await db.schema.createIndex("user_name_key").on("user").columns(["name_key", "id"]).execute()

  await db.schema
    .createTable("conversation")
    .addColumn("id", "varchar(64)", (c) => c.primaryKey())
    .addColumn("kind", "varchar(10)", (c) => c.notNull())
    .addColumn("slug", "varchar(60)")
    .addColumn("name", "varchar(120)")
    .addColumn("name_key", "varchar(191)")
    .addColumn("topic", "varchar(400)")
    .addColumn("direct_key", "varchar(300)")
    .addColumn("created_by", "varchar(128)")
    .addColumn("history", "varchar(10)", (c) => c.notNull())
    .addColumn("seq_head", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("chg_head", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("chg_floor", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("member_count", "integer", (c) => c.notNull().defaultTo(0))
    .addColumn("active_at", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute()
  await db.schema.createIndex("conversation_slug").on("conversation").column("slug").unique().execute()
  await db.schema.createIndex("conversation_direct").on("conversation").column("direct_key").unique().execute()
  await db.schema.createIndex("conversation_size").on("conversation").columns(["kind", "member_count"]).execute()

  await db.schema
    .createTable("message")
    .addColumn("conv_id", "varchar(64)", (c) => c.notNull())
    .addColumn("seq", "bigint", (c) => c.notNull())
    .addColumn("sender_id", "varchar(128)", (c) => c.notNull())
    .addColumn("client_id", "varchar(64)", (c) => c.notNull())
    .addColumn("kind", "varchar(10)", (c) => c.notNull())
    .addColumn("body", "text", (c) => c.notNull())
    .addColumn("reply_to_seq", "bigint")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("edited_at", "bigint")
    .addColumn("state", "varchar(10)", (c) => c.notNull())
    .addPrimaryKeyConstraint("message_pk", ["conv_id", "seq"])
    .addUniqueConstraint("message_client_id", ["sender_id", "client_id"])
    .execute()

  await db.schema
    .createTable("change")
    .addColumn("conv_id", "varchar(64)", (c) => c.notNull())
    .addColumn("chg", "bigint", (c) => c.notNull())
    .addColumn("seq", "bigint", (c) => c.notNull())
    .addColumn("op", "varchar(10)", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("change_pk", ["conv_id", "chg"])
    .execute()
  await db.schema.createIndex("change_seq").on("change").columns(["conv_id", "seq", "chg"]).execute()
  await db.schema.createIndex("change_at").on("change").column("at").execute()

  await db.schema
    .createTable("member")
    .addColumn("conv_id", "varchar(64)", (c) => c.notNull())
    .addColumn("user_id", "varchar(128)", (c) => c.notNull())
    .addColumn("role", "varchar(10)", (c) => c.notNull())
    .addColumn("joined_seq", "bigint", (c) => c.notNull())
    .addColumn("joined_at", "bigint", (c) => c.notNull())
    .addColumn("read_seq", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("member_pk", ["conv_id", "user_id"])
    .execute()
  await db.schema.createIndex("member_user").on("member").columns(["user_id", "conv_id"]).execute()

  await db.schema
    .createTable("mention")
    .addColumn("conv_id", "varchar(64)", (c) => c.notNull())
    .addColumn("user_id", "varchar(128)", (c) => c.notNull())
    .addColumn("seq", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("mention_pk", ["conv_id", "user_id", "seq"])
    .execute()

  await db.schema
    .createTable("ended_session")
    .addColumn("id", "varchar(64)", (c) => c.primaryKey())
    .addColumn("until_ms", "bigint", (c) => c.notNull())
    .execute()
  await db.schema.createIndex("ended_session_until").on("ended_session").column("until_ms").execute()
}

async function addMergedGuests(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("merged_guest")
    .addColumn("guest_id", "varchar(128)", (c) => c.primaryKey())
    .addColumn("user_id", "varchar(128)", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("outcome", "text", (c) => c.notNull())
    .execute()
}

async function addCards(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("message").addColumn("card", "text").execute()
}

/** For receipts, muting, and changes that a message does not show by itself. */
async function addMemberSettings(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .alterTable("member")
    .addColumn("recv_seq", "bigint", (c) => c.notNull().defaultTo(0))
    .execute()
  await schema
    .alterTable("member")
    .addColumn("notify", "varchar(10)", (c) => c.notNull().defaultTo("all"))
    .execute()
  await schema.alterTable("member").addColumn("muted_until", "bigint").execute()
  await schema.alterTable("change").addColumn("data", "text").execute()
}

/** Guests are looked through for those who have long been away. */
async function addGuestIndex(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("user_guest").on("user").columns(["guest", "id"]).execute()
}
