/** The sign of the house: a skein of geese, seen from below, the leader ahead. */
const STROKES = [
  "M18.2 8.2L20.2 6.2L21.2 8.8",
  "M16.2 10.2L14.2 12.2",
  "M22.2 11.5L23.2 14.1",
  "M12.1 14.3L10.2 16.2",
  "M24.3 16.8L25.3 19.5",
  "M8.1 18.3L6.1 20.3",
  "M26.3 22.2L27.3 24.8",
  "M4.1 22.3L2.1 24.3",
]

export function Mark({ size = 22, flying = false }: { size?: number; flying?: boolean }) {
  return (
    <svg class={flying ? "mark flying" : "mark"} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      {STROKES.map((stroke) => (
        <path key={stroke} d={stroke} />
      ))}
    </svg>
  )
}
