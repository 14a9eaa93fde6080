/** A fenced block of a document that is run, or that says what must be printed. */
export interface Block {
  readonly language: string
  /** Words after the language: `test`, `background`, `prints`, `eventually`. */
  readonly marks: readonly string[]
  readonly text: string
  /** Where it begins in the document, from 1. */
  readonly line: number
}

/** The blocks of a Markdown document that take part in its test, in order. */
export function testedBlocks(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: { language: string; marks: string[]; line: number; lines: string[] } | undefined
  for (const [index, line] of markdown.split("\n").entries()) {
    if (open && line.trim() === "```") {
      const { lines, ...block } = open
      if (block.marks.some((mark) => MARKS.has(mark))) blocks.push({ ...block, text: `${lines.join("\n")}\n` })
      open = undefined
    } else if (open) open.lines.push(line)
    else if (line.startsWith("```")) {
      const [language = "", ...marks] = line.slice(3).trim().split(/\s+/)
      open = { language, marks, line: index + 1, lines: [] }
    }
  }
  return blocks
}

const MARKS = new Set(["test", "prints", "eventually"])

/** Whether a printed line is the one the document shows; `…` in it stands for anything. */
export function lineMatches(shown: string, printed: string): boolean {
  const parts = shown
    .trim()
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${parts.join(".*")}$`).test(printed.trim())
}
