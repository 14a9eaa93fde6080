import { signal } from "@preact/signals"

const wide = matchMedia("(min-width: 1100px)")

/** Wide enough for the member list to stand beside the messages; else it slides over them. */
export const isWide = signal(wide.matches)
wide.addEventListener("change", () => {
  isWide.value = wide.matches
})

export const drawerOpen = signal(false)
