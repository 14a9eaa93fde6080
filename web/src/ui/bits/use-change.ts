import { useLayoutEffect, useRef } from "preact/hooks"

/** Runs when the number moves on, not because a component that reads it has just come into being. */
export function useChange(count: number, run: () => void): void {
  const known = useRef(count)
  useLayoutEffect(() => {
    if (known.current === count) return
    known.current = count
    run()
  })
}
