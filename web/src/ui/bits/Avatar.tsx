import type { User } from "../../contract.ts"

/** A steady hue for a person, from the id: the same everywhere and for ever. */
export function hueOf(id: string): number {
  let hash = 2166136261
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619)
  // Ids that differ in their last letters only would else be neighbours on the wheel.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return Math.round((((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 360)
}

const HAN = /\p{Script=Han}/u

/** For Chinese names the last two characters, else the first letters of the first and last word. */
export function initialsOf(name: string): string {
  const characters = [...name.trim()]
  if (characters.some((character) => HAN.test(character))) {
    return characters
      .filter((character) => HAN.test(character))
      .slice(-2)
      .join("")
  }
  const parts = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean)
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]]
  return letters
    .map((part) => [...(part ?? "")][0] ?? "")
    .join("")
    .toUpperCase()
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
