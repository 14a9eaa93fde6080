import { effect, signal } from "@preact/signals"
import { forget, keep, kept } from "./local.ts"

export type Theme = "system" | "light" | "dark"
export type Language = "system" | "en" | "zh-CN"

/** Of the device, not of the person: kept over sign-outs. Also read by `public/theme.js` before the first paint. */
export const theme = signal<Theme>(read("skein.theme", ["light", "dark"]) ?? "system")
export const language = signal<Language>(read("skein.language", ["en", "zh-CN"]) ?? "system")
export const membersOpen = signal(read("skein.members", ["open", "closed"]) !== "closed")

function read<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  const value = kept(key)
  return allowed.find((candidate) => candidate === value)
}

function keepUnless(byDefault: string, key: string, value: string): void {
  if (value === byDefault) forget(key)
  else keep(key, value)
}

export function followSettings(): void {
  effect(() => {
    keepUnless("system", "skein.theme", theme.value)
    if (theme.value === "system") delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme.value
  })
  effect(() => keepUnless("system", "skein.language", language.value))
  effect(() => keepUnless("open", "skein.members", membersOpen.value ? "open" : "closed"))
}
