import { useEffect, useState } from "preact/hooks"

/** True once `active` has lasted for a while: what is quick is not worth a placeholder. */
export function useAfter(active: boolean, delayMs: number): boolean {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    if (!active) {
      setPassed(false)
      return
    }
    const timer = setTimeout(() => setPassed(true), delayMs)
    return () => clearTimeout(timer)
  }, [active, delayMs])
  return passed && active
}
