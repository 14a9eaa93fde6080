/** The sign of the house: a skein of geese, seen from below, the leader ahead. */
const STROKES = [
  "M23.7 8.7L27.2 9.2L25.3 12.1",
  "M21.2 8.2L17.7 7.7",
  "M23.9 14.3L22 17.3",
  "M15.2 7.3L11.7 6.7",
  "M20.6 19.4L18.6 22.4",
  "M9.1 6.3L5.7 5.8",
  "M17.2 24.5L15.3 27.5",
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
