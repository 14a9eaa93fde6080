import type { Conversation } from "../contract.ts"
import { t } from "./index.ts"

/** What the server itself calls the lobby. */
const GIVEN = ["Lobby", "大厅"]

/** What a conversation is called: the lobby in the reader's language, unless somebody gave it a name. */
export function roomName({ slug, name }: Pick<Conversation, "slug" | "name">): string {
  return slug === "lobby" && GIVEN.includes(name) ? t().lobby : name
}
