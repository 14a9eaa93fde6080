import { Entering } from "./entering.ts"
import type { PusherParts } from "./options.ts"
import { Pages } from "./pages.ts"
import { RecentSockets } from "./recent-sockets.ts"
import { Refusals } from "./refusals.ts"
import { Users } from "./users.ts"

/** State that all sessions of this node share. */
export class Shared {
  readonly users = new Users()
  readonly pages = new Pages()
  readonly recentSockets = new RecentSockets()
  readonly entering = new Entering()
  readonly refusals: Refusals

  constructor(parts: PusherParts) {
    this.refusals = new Refusals(parts)
  }
}
