import { useEffect, useState } from "preact/hooks"

const ASK_AFTER_MS = 150

interface Found<T> {
  readonly all: readonly T[]
  /** False while the server has not answered yet for what is typed by now: `all` is then of an earlier query. */
  readonly isCurrent: boolean
}

/** What the server finds for what is typed, asked a moment after the last key. */
export function useFound<T>(typed: string, find: (query: string) => Promise<readonly T[]>): Found<T> {
  const query = typed.trim()
  const [answer, setAnswer] = useState<{ query?: string; all: readonly T[] }>({ all: [] })
  useEffect(() => {
    let stale = false
    const timer = setTimeout(() => void find(query).then((all) => !stale && setAnswer({ query, all })), ASK_AFTER_MS)
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [query, find])
  return { all: answer.all, isCurrent: answer.query === query }
}
