import { useEffect, useState } from "preact/hooks"
import type { Message } from "../../contract.ts"
import { link } from "../../session/connection.ts"
import { chat } from "../../state/chat.ts"
import type { Room } from "../../state/rooms.ts"

/** After a change to some old message, the quoted one is asked for again, but not at once: it is most likely another. */
const LOOK_AGAIN_MS = 1_000

/** The message answered: from the window when it is there, else asked for by itself, and again when the log changed. */
export function useQuoted(room: Room, seq: number): Message | undefined {
  const thread = room.thread.value
  const held = thread.rows.find((row) => row.message.seq === seq)?.message
  const [asked, setAsked] = useState<Message | undefined>(undefined)
  const wanted = held === undefined && link.value === "up"
  const changes = wanted ? thread.chgHead : 0
  // Another count of changes means that what was answered may be out of date.
  useEffect(() => {
    if (!wanted) return
    let stale = false
    const ask = async () => {
      const found = await chat.peek()?.history.one(room, seq)
      if (!stale && found) setAsked(found)
    }
    const timer = setTimeout(() => void ask(), asked ? LOOK_AGAIN_MS : 0)
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [room, seq, wanted, changes])
  return held ?? asked
}
