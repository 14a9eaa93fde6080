import { computed, signal } from "@preact/signals"
import { region, t } from "./index.ts"

/** Moves at midnight, so that "today" becomes "yesterday" on an open page. */
const today = signal(startOfDay(Date.now()))
watchMidnight()

function watchMidnight(): void {
  const tomorrow = new Date()
  tomorrow.setHours(24, 0, 1, 0)
  setTimeout(
    () => {
      today.value = startOfDay(Date.now())
      watchMidnight()
    },
    Math.min(tomorrow.getTime() - Date.now(), 3_600_000),
  )
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}

const formats = computed(() => {
  const make = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(region.value, options)
  return {
    clock: make({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    weekday: make({ weekday: "long" }),
    day: make({ month: "long", day: "numeric", weekday: "long" }),
    dayOfYear: make({ year: "numeric", month: "long", day: "numeric" }),
    short: make({ month: "numeric", day: "numeric" }),
    shortOfYear: make({ year: "numeric", month: "numeric", day: "numeric" }),
    full: make({ dateStyle: "full", timeStyle: "short" }),
  }
})

/** 14:03 */
export const clock = (ms: number): string => formats.value.clock.format(ms)

/** For `title` and screen readers. */
export const fullTime = (ms: number): string => formats.value.full.format(ms)

const daysAgo = (ms: number): number => Math.round((today.value - startOfDay(ms)) / 86_400_000)

/** A day divider: today, yesterday, a weekday within the week, else the date. */
export function dayName(ms: number): string {
  const days = daysAgo(ms)
  if (days === 0) return t().today
  if (days === 1) return t().yesterday
  if (days > 1 && days < 7) return formats.value.weekday.format(ms)
  return (isThisYear(ms) ? formats.value.day : formats.value.dayOfYear).format(ms)
}

const isThisYear = (ms: number): boolean => new Date(ms).getFullYear() === new Date(today.value).getFullYear()

/** For lists: now, the clock today, yesterday, else the date, with its year when that is another. */
export function listTime(ms: number): string {
  if (Date.now() - ms < 60_000) return t().justNow
  const days = daysAgo(ms)
  if (days <= 0) return clock(ms)
  if (days === 1) return t().yesterday
  return (isThisYear(ms) ? formats.value.short : formats.value.shortOfYear).format(ms)
}
