import { effect, signal } from "@preact/signals"

export type Theme = "system" | "light" | "dark"
export type Language = "system" | "en" | "zh-CN"

/** Of the device, not of the person: kept over sign-outs. Also read by `public/theme.js` before the first paint. */
export const theme = signal<Theme>(read("skein.theme", ["light", "dark"]) ?? "system")
export const language = signal<Language>(read("skein.language", ["en", "zh-CN"]) ?? "system")
export const membersOpen = signal(read("skein.members", ["open", "closed"]) !== "closed")

function read<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  const value = localStorage.getItem(key)
  return allowed.find((candidate) => candidate === value)
}

function keep(key: string, value: string, byDefault: string): void {
  if (value === byDefault) localStorage.removeItem(key)
  else localStorage.setItem(key, value)
}

export function followSettings(): void {
  effect(() => {
    keep("skein.theme", theme.value, "system")
    if (theme.value === "system") delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme.value
  })
  effect(() => keep("skein.language", language.value, "system"))
  effect(() => keep("skein.members", membersOpen.value ? "open" : "closed", "open"))
}
