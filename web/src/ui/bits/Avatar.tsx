import type { User } from "../../contract.ts"
import { HAN, initialsOf } from "./initials.ts"

/** A steady hue for a person, from the id: the same everywhere and for ever. */
function hueOf(id: string): number {
  let hash = 2166136261
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619)
  // Otherwise ids that differ only in their last letters would get almost the same colour.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return Math.round((((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 360)
}

interface Props {
  user: Pick<User, "id" | "name" | "avatar">
  size?: number
  /** Given: a presence dot is drawn. The words for it stand beside the picture. */
  online?: boolean
}

export function Avatar({ user, size = 36, online }: Props) {
  const initials = initialsOf(user.name)
  return (
    <span class="avatar" aria-hidden="true" style={{ "--hue": String(hueOf(user.id)), "--size": `${size}px` }}>
      {user.avatar ? (
        <img src={user.avatar} alt="" width={size} height={size} loading="lazy" decoding="async" />
      ) : (
        <span class={HAN.test(initials) && initials.length > 1 ? "initials han" : "initials"}>{initials}</span>
      )}
      {online !== undefined && <span class={online ? "dot on" : "dot"} />}
    </span>
  )
}
