/** Grows a text field with its text; the style sheet sets the upper bound. */
export function fitHeight(field: HTMLTextAreaElement): void {
  field.style.height = "auto"
  field.style.height = `${field.scrollHeight}px`
}
