import { useState } from "preact/hooks"
import type { Message } from "../../contract.ts"

export type Card = NonNullable<Message["card"]>

/** A notice of the site: an order, a parcel, a payment. The whole card is the link, its title names it. */
export function NoticeCard({ card }: { card: Card }) {
  const { title, lines, url } = card
  return (
    <section class={url === undefined ? "notice-card" : "notice-card linked"}>
      {card.image !== undefined && <Picture address={card.image} />}
      <div class="notice-facts">
        <h3 dir="auto">{url === undefined ? title : <Link to={url} text={title} />}</h3>
        {lines.length > 0 && (
          <ul>
            {lines.map(({ label, value }, index) => (
              <li key={`${index}`} dir="auto">
                {label !== undefined && <span class="notice-label">{label}</span>}
                <span>{value}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}

function Link({ to, text }: { to: string; text: string }) {
  return (
    <a href={to} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  )
}

/** Only decoration: everything is in the words, and an image that cannot be loaded takes no space. */
function Picture({ address }: { address: string }) {
  const [broken, setBroken] = useState(false)
  if (broken) return null
  return <img src={address} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
}

/** Words that stand beside the card: those the site gave itself, not the card read out. */
export const wordsBeside = ({ body, card }: Message): string =>
  card !== undefined && body.startsWith(card.title) ? "" : body
