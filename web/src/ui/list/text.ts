/** A piece of a message's text. Text stays text: pieces become DOM nodes, never HTML. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "block"; readonly text: string }

/**
 * A block is a line of its own: the line breaks around its marks are not lines of the text. Where both marks are, the
 * language named behind the first is no line of the code.
 */
const PATTERN =
  /\n?```(?:[a-z][a-z\d+#.-]{0,19}(?=\n(?:(?!```)[\s\S])+\n```))?\n?([\s\S]+?)\n?```\n?|`([^`\n]+)`|(https?:\/\/[^\s<>"'，。！？；：、（）《》「」【】“”]+)/g
/** Punctuation that ends a sentence rather than an address. */
const TAIL = /[.,;:!?)\]}*_~]+$/

function trimAddress(found: string): string {
  const tail = TAIL.exec(found)?.[0] ?? ""
  // A closing bracket belongs to the address when it was opened in it.
  const opened = (found.match(/\(/g)?.length ?? 0) >= (found.match(/\)/g)?.length ?? 0)
  return tail.startsWith(")") && opened ? found : found.slice(0, found.length - tail.length)
}

function safeHref(text: string): string | undefined {
  try {
    const url = new URL(text)
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined
  } catch {
    return undefined
  }
}

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  const plain = (to: number) => {
    if (to > from) pieces.push({ kind: "text", text: text.slice(from, to) })
  }
  for (const match of text.matchAll(PATTERN)) {
    const [whole, block, code, found] = match
    const address = found === undefined ? "" : trimAddress(found)
    const href = found === undefined ? undefined : safeHref(address)
    if (found !== undefined && href === undefined) continue
    plain(match.index)
    if (block !== undefined) pieces.push({ kind: "block", text: block })
    else if (code !== undefined) pieces.push({ kind: "code", text: code })
    else if (href !== undefined) pieces.push({ kind: "link", text: address, href })
    from = match.index + (found === undefined ? whole.length : address.length)
  }
  plain(text.length)
  return pieces
}

/** A message in one line, for quotes and lists: without line breaks and the marks of code. */
export const oneLine = (text: string): string => text.slice(0, 400).replace(/`+/g, "").replace(/\s+/g, " ").trim()

const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\u200d|\ufe0f|\s)+$/u
const HAS_PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u

/** One to three emoji and nothing else: drawn large. */
export function isJumbo(text: string): boolean {
  if (text.length > 40 || !ONLY_EMOJI.test(text) || !HAS_PICTURE.test(text)) return false
  return [...new Intl.Segmenter().segment(text.replace(/\s/g, ""))].length <= 3
}
