import { useEffect, useRef, useState } from "preact/hooks"
import type { Member, Output } from "../../contract.ts"
import { LIMITS } from "../../contract.ts"
import { explain, t } from "../../i18n/index.ts"
import { byName } from "../../i18n/order.ts"
import { openDirect } from "../../state/actions.ts"
import { chat, isOnline } from "../../state/chat.ts"
import { learn, me, person } from "../../state/people.ts"
import { countCrowd, crowdIn, fadeSeen, seenInCrowd, usersIn } from "../../state/presence.ts"
import type { Room } from "../../state/rooms.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Icon } from "../bits/Icon.tsx"
import { drawerOpen } from "./drawer.ts"

const LIMIT = 200
/** Many may come at once: their list is asked for anew after the first, and then no sooner than this. */
const ASK_EVERY_MS = 2_000
/** Where only the number of those present is told, who they are is looked up this often. */
const LOOK_EVERY_MS = 60_000

export function MemberList({ room }: { room: Room }) {
  const { members, total, failure } = useMembers(room)
  const crowd = crowdIn(room.channel)
  const named = members.map((member) => ({ ...member, user: person(member.user.id) ?? member.user }))
  const inOrder = (a: Member, b: Member) => byName(a.user.name, b.user.name)
  const here = named.filter((member) => isOnline(member.user.id)).sort(inOrder)
  const away = named.filter((member) => !isOnline(member.user.id)).sort(inOrder)
  const present = Math.max(here.length, crowd ?? 0)
  if (failure !== "" && members.length === 0) return <p class="quiet pad">{failure}</p>
  return (
    <div class="member-groups">
      <Group title={t().online} count={present} members={here} online />
      <Group title={t().offline} count={Math.max(away.length, total - present)} members={away} online={false} />
    </div>
  )
}

function Group({
  title,
  count,
  members,
  online,
}: {
  title: string
  count: number
  members: Member[]
  online: boolean
}) {
  if (count === 0) return null
  return (
    <section>
      <h3>
        {title} <span class="number">{count}</span>
      </h3>
      <ul>
        {members.map((member) => (
          <MemberRow key={member.user.id} member={member} online={online} />
        ))}
      </ul>
      {count > members.length && <p class="more number">{t().moreMembers(count - members.length)}</p>}
    </section>
  )
}

function MemberRow({ member, online }: { member: Member; online: boolean }) {
  const { user } = member
  const mine = user.id === me.value?.id
  const body = (
    <>
      <Avatar user={user} size={28} online={online} />
      <span class="member-name">{user.name}</span>
      {mine ? <span class="tag">{t().you}</span> : user.guest && <span class="tag">{t().guest}</span>}
    </>
  )
  if (mine) return <li class={online ? "member" : "member away"}>{body}</li>
  return (
    <li>
      <button
        type="button"
        class={online ? "member" : "member away"}
        title={t().writeToPerson(user.name)}
        onClick={() => {
          drawerOpen.value = false
          void openDirect(user.id)
        }}
      >
        {body}
        <span class="member-hint">
          <Icon name="message" size={16} />
        </span>
      </button>
    </li>
  )
}

/** The server's list, asked again when the count changes or somebody is here whom it does not name. */
function useMembers(room: Room) {
  const [members, setMembers] = useState<Member[]>([])
  const [total, setTotal] = useState(0)
  const [failure, setFailure] = useState("")
  const askedAtMs = useRef(0)
  const shown = useRef(true)
  const ask = async () => {
    askedAtMs.current = Date.now()
    try {
      const answer = await chat.peek()?.connection.call("chat.members", { conversation_id: room.id, limit: LIMIT })
      if (!answer || !shown.current) return
      learnFrom(room, answer)
      setMembers(answer.members)
      setTotal(answer.total)
      setFailure("")
    } catch (error) {
      setFailure(explain(error))
    }
  }
  const isCrowd = crowdIn(room.channel) !== undefined
  const named = new Set(members.map((member) => member.user.id))
  const present = usersIn(room.channel)
  const strangers = [...present].filter((id) => !named.has(id)).join(" ")
  const inCrowd = present.size === 0 ? "nobody seen" : ""
  // Another count, or a stranger, means other members. Of many both change all the time.
  const cause = isCrowd ? inCrowd : `${room.facts.value.member_count} ${strangers}`
  useEffect(() => {
    if (isCrowd && inCrowd === "" && askedAtMs.current > 0) return
    const timer = setTimeout(ask, Math.max(0, askedAtMs.current + ASK_EVERY_MS - Date.now()))
    return () => clearTimeout(timer)
  }, [room, cause])
  useEffect(() => {
    if (!isCrowd) return
    const look = () => document.visibilityState === "visible" && void ask()
    // Not all pages at the same moment.
    const timer = setInterval(look, LOOK_EVERY_MS * (0.75 + Math.random() / 2))
    return () => clearInterval(timer)
  }, [room, isCrowd])
  useEffect(
    () => () => {
      shown.current = false
      fadeSeen(room.channel)
    },
    [room],
  )
  return { members, total, failure }
}

/** What the answer says to others than this list. */
function learnFrom({ channel, facts }: Room, { members, total, online }: Output<"chat.members">): void {
  for (const { user } of members) learn(user)
  if (facts.peek().member_count !== total) facts.value = { ...facts.peek(), member_count: total }
  if (online > LIMITS.presenceMaxUsers) countCrowd(channel, online)
  if (crowdIn(channel) === undefined) return
  const seen = members.filter((member) => member.online)
  seenInCrowd(
    channel,
    seen.map(({ user }) => user.id),
  )
}
