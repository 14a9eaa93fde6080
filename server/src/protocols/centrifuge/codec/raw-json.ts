/**
 * Finds members of a JSON object in its source text, so that payloads travel as they were written.
 *
 * Everything here expects text that JSON.parse has accepted; on other text the answer is meaningless, but it still ends.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
/** JSON's white space is space, tab, line feed and carriage return: all at most this. */
const SPACE = 0x20

/** Where a value stands in a text: `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * The span of member `name` of the object that starts at or after `from`; undefined when there is none.
 * With duplicate keys the last one wins, as in JSON.parse.
 */
export function memberSpan(text: string, name: string, from = 0): Span | undefined {
  let at = skipSpace(text, from)
  if (text.charCodeAt(at) !== OPEN_BRACE) return undefined
  at = skipSpace(text, at + 1)
  let found: Span | undefined
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = stringEnd(text, at)
    const isIt = isKey(text, at, keyEnd, name)
    // Past the colon, which may have space on both sides.
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = valueEnd(text, start)
    if (isIt) found = { start, end }
    at = skipSpace(text, end)
    if (text.charCodeAt(at) !== COMMA) break
    at = skipSpace(text, at + 1)
  }
  return found
}

/** The source text of a member reached by its path of names, on one line. */
export function rawMember(text: string, ...path: readonly string[]): string | undefined {
  let span: Span | undefined
  for (const name of path) {
    span = memberSpan(text, name, span?.start ?? 0)
    if (span === undefined) return undefined
  }
  return span && oneLine(text.slice(span.start, span.end))
}

/** The source texts of an array's elements. Undefined when there is no array at `from`. */
export function elementTexts(text: string, from = 0): string[] | undefined {
  let at = skipSpace(text, from)
  if (text.charCodeAt(at) !== OPEN_BRACKET) return undefined
  at = skipSpace(text, at + 1)
  const texts: string[] = []
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET) {
    const end = valueEnd(text, at)
    texts.push(text.slice(at, end))
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return texts
}

/** Valid JSON has raw line breaks only between tokens, where they mean nothing; frames are separated by them. */
export function oneLine(json: string): string {
  return json.includes("\n") || json.includes("\r") ? json.replace(/[\r\n]/g, "") : json
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= SPACE) at++
  return at
}

/** @param open - index of the opening quote @returns index after the closing one */
function stringEnd(text: string, open: number): number {
  let at = open + 1
  for (;;) {
    const close = text.indexOf('"', at)
    if (close < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(close - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return close + 1
    at = close + 1
  }
}

function isKey(text: string, open: number, end: number, name: string): boolean {
  if (end - open - 2 === name.length) return text.startsWith(name, open + 1)
  if (end - open - 2 < name.length) return false
  // Longer than the name: only escapes can make it equal, which nobody but a test writes.
  const key = text.slice(open, end)
  return key.includes("\\") && JSON.parse(key) === name
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return stringEnd(text, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nestedEnd(text, start)
  let at = start
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at++
  return Math.max(at, start + 1)
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= SPACE
}

/** Counts brackets instead of recursing: the depth is the client's choice. */
function nestedEnd(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = stringEnd(text, at)
      continue
    }
    at++
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at
  }
  return at
}
