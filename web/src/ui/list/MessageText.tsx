import { t } from "../../i18n/index.ts"
import { fullTime } from "../../i18n/time.ts"
import { isJumbo, piecesOf } from "./text.ts"

export function MessageText({ text, editedAt }: { text: string; editedAt?: number | undefined }) {
  return (
    <div class={isJumbo(text) ? "text jumbo" : "text"} dir="auto">
      {piecesOf(text).map((piece, index) => {
        const key = `${index}`
        if (piece.kind === "code") return <code key={key}>{piece.text}</code>
        if (piece.kind === "block") {
          return (
            <pre key={key} dir="ltr">
              <code>{piece.text}</code>
            </pre>
          )
        }
        if (piece.kind === "link") {
          return (
            <a key={key} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
              {piece.text}
            </a>
          )
        }
        return piece.text
      })}
      {editedAt !== undefined && (
        <span class="edited" title={t().editedAt(fullTime(editedAt))}>
          {` (${t().edited})`}
        </span>
      )}
    </div>
  )
}
