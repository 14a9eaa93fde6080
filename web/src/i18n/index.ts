import { computed, effect } from "@preact/signals"
import { language } from "../state/settings.ts"
import { en, type Words } from "./en.ts"
import { zh } from "./zh.ts"

/** The language shown: the one chosen, else the first of the browser's we speak. */
export const locale = computed<"en" | "zh-CN">(() => {
  if (language.value !== "system") return language.value
  for (const wanted of navigator.languages) {
    if (/^zh\b/i.test(wanted)) return "zh-CN"
    if (/^en\b/i.test(wanted)) return "en"
  }
  return "en"
})

/** For dates: the language shown, in the reader's regional form (`en-GB` for a British browser). */
export const region = computed<string>(() => {
  const spoken = locale.value.slice(0, 2)
  return navigator.languages.find((wanted) => wanted.toLowerCase().split("-")[0] === spoken) ?? locale.value
})

/** All texts in the language shown. */
export const words = computed<Words>(() => (locale.value === "zh-CN" ? zh : en))

/** The words of the moment; read inside a component it follows the language. */
export const t = (): Words => words.value

/** Our text for a refusal; undefined for codes that the server's own message explains better. */
export const wordsFor = (code: number | undefined): string | undefined =>
  (t().errors as Readonly<Record<number, string>>)[code ?? 0]

/** What to tell a person about a failure: our words for it, else the server's own. */
export function explain(error: unknown): string {
  const { code = 0, message = "" } = error as { code?: number; message?: string }
  const own = wordsFor(code)
  if (own) return own
  return code < 100 || message === "" ? t().noAnswer : message
}

/** Keeps the page's `lang` at the language shown. */
export function followLanguage(): void {
  effect(() => {
    document.documentElement.lang = locale.value
  })
}
