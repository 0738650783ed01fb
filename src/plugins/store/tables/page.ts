/** Part of a list ordered by id. */
export interface Page<T> {
  readonly items: T[]
  /** Cursor of the next page; undefined on the last page. */
  readonly next: number | undefined
}

export interface PageRequest {
  /** The page starts after this id. */
  readonly cursor: number
  readonly limit: number
}

/** Creates a page. Query one row more than the limit: its presence means that there is a next page. */
export function toPage<Row, T extends { id: number }>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => T,
): Page<T> {
  const items = rows.slice(0, limit).map(toItem)
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined }
}
