import type { StoredUser } from "../store/contract.ts"
import type { ChatConfig } from "./config.ts"

export function mayCreateRooms({ createRooms }: ChatConfig, user: Pick<StoredUser, "guest">): boolean {
  return createRooms === "anyone" || (createRooms === "users" && !user.guest)
}
