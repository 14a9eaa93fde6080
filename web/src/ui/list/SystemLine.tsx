import type { Message } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { fullTime } from "../../i18n/time.ts"
import { person } from "../../state/people.ts"

/** A fact about the room, told in the reader's language. */
export function SystemLine({ message, itemKey }: { message: Message; itemKey: string }) {
  const text = sentenceOf(message)
  return (
    <li class="system" data-key={itemKey} data-seq={message.seq}>
      <span title={fullTime(message.created_at)}>{text}</span>
    </li>
  )
}

function sentenceOf(message: Message): string {
  const who = person(message.sender_id)?.name ?? ""
  const fact = factOf(message.body)
  const kind = String(fact.type ?? fact.event ?? "")
  if (kind.includes("created")) return t().roomCreated(who)
  if (kind.includes("renamed")) return t().roomRenamed(who, String(fact.name ?? fact.title ?? ""))
  return String(fact.text ?? message.body)
}

function factOf(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : { text: body }
  } catch {
    return { text: body }
  }
}
