/** Lists in SQL come in few lengths, so that few statements are prepared. */
export function padded<T>(values: readonly T[]): T[] {
  const last = values[values.length - 1] as T
  const length = 2 ** Math.ceil(Math.log2(values.length))
  return [...values, ...new Array<T>(length - values.length).fill(last)]
}
