import { useEffect, useRef, useState } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import { downSinceMs, link, nextAttemptMs } from "../../session/connection.ts"
import { chat } from "../../state/chat.ts"
import { alarm } from "../../state/notices.ts"
import { Icon } from "../bits/Icon.tsx"

/** Losses shorter than this are not shown. */
const QUIET_MS = 3_000

/**
 * A thin line that says what still works and when the next attempt is, with a button to try at once.
 * The one over the list is for phones, where the other is out of sight; it leaves the telling to that.
 */
export function Banner({ inList = false }: { inList?: boolean }) {
  const nowMs = useClock(link.value === "connecting")
  const since = downSinceMs.value
  const shown = link.value === "connecting" && since !== undefined && nowMs - since >= QUIET_MS
  const announced = useRef(false)
  useEffect(() => {
    if (inList) return
    if (shown) alarm(t().lost)
    else if (announced.current) alarm(t().backOnline)
    announced.current = shown
  }, [shown, inList])
  if (!shown) return null
  const seconds = Math.ceil(((nextAttemptMs.value ?? nowMs) - nowMs) / 1000)
  return (
    <div class={inList ? "banner-in-list" : "banner"}>
      <Icon name="offline" size={16} />
      <span>{t().lost}</span>
      <span class="quiet number">{seconds > 0 ? t().retryIn(seconds) : t().retrying}</span>
      <button type="button" class="text-button" onClick={() => chat.peek()?.connection.retryNow()}>
        {t().retryNow}
      </button>
    </div>
  )
}

function useClock(ticking: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now())
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => setNowMs(Date.now()), 500)
    return () => clearInterval(timer)
  }, [ticking])
  return nowMs
}
