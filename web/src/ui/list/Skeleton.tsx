const LINES = [62, 38, 81, 47, 70, 29]

export function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {LINES.map((width) => (
        <div key={width} class="bone-row">
          <span class="bone round" />
          <span class="bones">
            <span class="bone short" />
            <span class="bone" style={{ width: `${width}%` }} />
          </span>
        </div>
      ))}
    </div>
  )
}
