import type { Conversation, Membership, User } from "../contract.ts"
import { t } from "./index.ts"

/** What the server itself calls the lobby, and the site when it speaks. */
const LOBBY_NAMES = ["Lobby", "大厅"]
const SITE_ID = "_site"
const SITE_NAMES = ["Notice", "通知"]

/** What a conversation is called: what the server named by itself in the reader's language, names that people gave as they are. */
export function roomName({ slug, name, peer }: Pick<Conversation, "slug" | "name"> & Pick<Membership, "peer">): string {
  if (peer) return inReadersWords(peer).name
  return slug === "lobby" && LOBBY_NAMES.includes(name) ? t().lobby : name
}

/** A person with the name the reader knows it by. */
export function inReadersWords(user: User): User {
  return user.id === SITE_ID && SITE_NAMES.includes(user.name) ? { ...user, name: t().site } : user
}
