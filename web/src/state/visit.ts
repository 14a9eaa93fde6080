import { signal } from "@preact/signals"
import type { SessionAnswer } from "../contract.ts"
import { CODES } from "../contract.ts"
import { explain } from "../i18n/index.ts"
import { ChatError } from "../session/errors.ts"
import { enterAsGuest, enterWithToken, leaveSession, readSession, takeTokenFromAddress } from "../session/session.ts"
import { Chat, chat } from "./chat.ts"
import { say } from "./notices.ts"
import { eraseLastUser } from "./storage.ts"

/**
 * Where this page stands. `opening`: asking who is signed in. `unreachable`: no answer. `nobody`: nobody is signed in.
 * `inside`: the chat is open. `ended`: the session is over. `sent-away`: signed in, but the server closed the connection
 * for good.
 */
export type Phase = "opening" | "unreachable" | "nobody" | "inside" | "ended" | "sent-away"

export const phase = signal<Phase>("opening")
export const guestsWelcome = signal(false)

const tabs = openTabs()
if (tabs) tabs.onmessage = ({ data }) => data === "signed-out" && location.reload()

/** The other pages of this browser; undefined where each is on its own (a frame without an origin, an old browser). */
function openTabs(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel("skein")
  } catch (error) {
    console.debug("Other tabs not to be reached:", error)
    return undefined
  }
}

const OPEN_AGAIN_MS = 3_000

export async function open(token = takeTokenFromAddress()): Promise<void> {
  try {
    await arrive(token ? await enterWithToken(token) : await readSession())
  } catch (error) {
    console.warn("Session not known:", error)
    // A refused token is final; anything else may pass.
    if (error instanceof ChatError && error.code === CODES.unauthorized) {
      phase.value = "nobody"
      return
    }
    phase.value = "unreachable"
    setTimeout(() => void open(token), OPEN_AGAIN_MS)
  }
}

async function arrive(answer: SessionAnswer): Promise<void> {
  guestsWelcome.value = answer.guests
  if (!answer.user) {
    eraseLastUser()
    phase.value = "nobody"
    return
  }
  const next = new Chat(answer.user, answer.token, () => void ended(next))
  chat.value = next
  phase.value = "inside"
  await next.start()
}

/** Rejects with the server's refusal; the caller shows it where the name was typed. */
export async function enter(name: string): Promise<void> {
  await arrive(await enterAsGuest(name))
}

/** The server ended the session. Find out whether it is really over before anything is erased. */
async function ended(over: Chat): Promise<void> {
  if (phase.peek() !== "inside") return
  // Nothing of the talk stays on the screen while we ask.
  phase.value = "opening"
  try {
    const answer = await readSession()
    if (over.user.guest && answer.user && !answer.user.guest) {
      // The guest signed in at the site: the page begins again as the member's, with nothing of the guest's in it.
      await over.stop({ erase: true })
      location.reload()
      return
    }
    // Still signed in but sent away for good (banned, for one): no loop, the person decides when to try again.
    const isMine = answer.user?.id === over.user.id
    await over.stop({ erase: !isMine })
    phase.value = isMine ? "sent-away" : "ended"
  } catch (error) {
    console.warn("Session not known:", error)
    await over.stop({ erase: false })
    phase.value = "ended"
  }
}

/** Signs out: first on the server, and here only when the server has confirmed it. */
export async function signOut(): Promise<void> {
  phase.value = "opening"
  try {
    await leaveSession()
  } catch (error) {
    phase.value = "inside"
    say(explain(error))
    return
  }
  await chat.peek()?.stop({ erase: true })
  tabs?.postMessage("signed-out")
  history.replaceState(null, "", location.pathname + location.search)
  location.reload()
}
