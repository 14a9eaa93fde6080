import { Entering } from "./entering.ts"
import { Pages } from "./pages.ts"
import { RecentSockets } from "./recent-sockets.ts"
import { Users } from "./users.ts"

/** What the sessions of this node know together. */
export class Shared {
  readonly users = new Users()
  readonly pages = new Pages()
  readonly recentSockets = new RecentSockets()
  readonly entering = new Entering()
}
