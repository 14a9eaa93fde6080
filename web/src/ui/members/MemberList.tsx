import { useEffect, useState } from "preact/hooks"
import type { Member } from "../../contract.ts"
import { explain, t } from "../../i18n/index.ts"
import { byName } from "../../i18n/order.ts"
import { openDirect } from "../../state/actions.ts"
import { chat, isOnline } from "../../state/chat.ts"
import { learn, me, person } from "../../state/people.ts"
import { usersIn } from "../../state/presence.ts"
import type { Room } from "../../state/rooms.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Icon } from "../bits/Icon.tsx"
import { drawerOpen } from "./drawer.ts"

const LIMIT = 200

export function MemberList({ room }: { room: Room }) {
  const { members, total, failure } = useMembers(room)
  const named = members.map((member) => ({ ...member, user: person(member.user.id) ?? member.user }))
  const inOrder = (a: Member, b: Member) => byName(a.user.name, b.user.name)
  const here = named.filter((member) => isOnline(member.user.id)).sort(inOrder)
  const away = named.filter((member) => !isOnline(member.user.id)).sort(inOrder)
  if (failure) return <p class="quiet pad">{failure}</p>
  return (
    <div class="member-groups">
      <Group title={t().online} count={here.length} members={here} online />
      <Group title={t().offline} count={Math.max(away.length, total - here.length)} members={away} online={false} />
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
  if (members.length === 0) return null
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
  const count = room.facts.value.member_count
  const named = new Set(members.map((member) => member.user.id))
  const strangers = [...usersIn(room.channel)].filter((id) => !named.has(id)).join(" ")
  // Another count, or a stranger, means other members.
  useEffect(() => {
    let stale = false
    const connection = chat.peek()?.connection
    connection
      ?.call("chat.members", { conversation_id: room.id, limit: LIMIT })
      .then((answer) => {
        if (stale) return
        for (const member of answer.members) learn(member.user)
        setMembers(answer.members)
        setTotal(answer.total)
        setFailure("")
        room.facts.value = { ...room.facts.peek(), member_count: answer.total }
      })
      .catch((error: unknown) => !stale && members.length === 0 && setFailure(explain(error)))
    return () => {
      stale = true
    }
  }, [room, count, strangers])
  return { members, total, failure }
}
