/**
 * Whether a key belongs to an input method and not to us: the Enter that confirms a candidate must not send.
 * Chrome and Firefox say `isComposing`; Safari ends the composition before the keydown and leaves only keyCode 229.
 */
export const isImeKey = (event: { isComposing: boolean; keyCode: number }): boolean =>
  event.isComposing || event.keyCode === 229
