/** Formats milliseconds since the epoch as stored in both databases: as text that sorts by time. */
export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
