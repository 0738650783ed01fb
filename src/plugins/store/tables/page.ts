/** Part of a list in the order of its ids. */
export interface Page<T> {
  readonly items: T[]
  /** Where the next page starts: after this id. Undefined when this is the last. */
  readonly next: number | undefined
}

export interface PageRequest {
  /** The id the page starts after. */
  readonly cursor: number
  readonly limit: number
}

/** Made of one row more than fits, which tells that there is a next page. */
export function toPage<Row, T extends { id: number }>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => T,
): Page<T> {
  const items = rows.slice(0, limit).map(toItem)
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined }
}
