/** iOS does not shrink the page for its keyboard: the visible height is told to CSS, so the last message stays in sight. */
export function followKeyboard(): void {
  const viewport = window.visualViewport
  if (!viewport) return
  const tell = () => {
    const covered = innerHeight - viewport.height - viewport.offsetTop
    document.documentElement.style.setProperty("--covered", `${Math.max(0, Math.round(covered))}px`)
  }
  viewport.addEventListener("resize", tell)
  viewport.addEventListener("scroll", tell)
  tell()
}
