/**
 * What Esc does, nearest thing first: pop-ups (the browser closes those by itself), then reply or edit,
 * then "mark as read", then the side panel.
 */
const ORDER = ["question", "intent", "mark-read", "panel"] as const
type Layer = (typeof ORDER)[number]

const handlers = new Map<Layer, () => void>()

/** Registers what Esc does for a layer while it is there; returns the undoing. */
export function onEscape(layer: Layer, handler: () => void): () => void {
  handlers.set(layer, handler)
  return () => {
    if (handlers.get(layer) === handler) handlers.delete(layer)
  }
}

/** Runs the nearest handler; false when there is nothing to close. */
export function closeNearest(): boolean {
  for (const layer of ORDER) {
    const handler = handlers.get(layer)
    if (handler) {
      handler()
      return true
    }
  }
  return false
}
