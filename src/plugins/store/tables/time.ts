/** Milliseconds since the epoch, as both databases keep them: texts in the order of time. */
export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
