/** Copies. False when the browser does not let us. */
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch (error) {
    // Pages without TLS have no clipboard of that kind: a company's own network, a test machine.
    console.debug("Clipboard not to be had:", error)
    return copySelected(text)
  }
}

/** The older way: copies a selection (`execCommand`). Gives the focus back. */
function copySelected(text: string): boolean {
  const focused = document.activeElement
  const field = document.createElement("textarea")
  field.value = text
  field.readOnly = true
  field.className = "hidden"
  // Inside an open dialog nothing outside it can take the focus.
  const home = document.querySelector("dialog[open]") ?? document.body
  home.append(field)
  field.select()
  const done = document.execCommand("copy")
  field.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  return done
}
