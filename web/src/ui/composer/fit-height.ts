/** Where CSS does it (`field-sizing: content`) nothing is left to do. */
const cssDoesIt = CSS.supports("field-sizing", "content")

let ruler: HTMLTextAreaElement | undefined

/**
 * Grows a text field with its text; the style sheet sets the upper bound. Measured on a copy: letting the field itself
 * collapse for a moment would make the message list jump.
 */
export function fitHeight(field: HTMLTextAreaElement): void {
  if (cssDoesIt) return
  if (!ruler?.isConnected) ruler = makeRuler(field)
  ruler.style.width = `${field.clientWidth}px`
  ruler.value = field.value
  field.style.height = `${ruler.scrollHeight}px`
}

function makeRuler(field: HTMLTextAreaElement): HTMLTextAreaElement {
  const copy = field.cloneNode() as HTMLTextAreaElement
  copy.setAttribute("aria-hidden", "true")
  copy.tabIndex = -1
  copy.className = "ruler"
  field.form?.append(copy)
  return copy
}
