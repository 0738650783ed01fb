/** A span in which something that failed is not tried again. Times are milliseconds, handed in. */
export class Cooldown {
  readonly #spanMs: number
  #startedAt: number | undefined

  constructor(spanMs: number) {
    this.#spanMs = spanMs
  }

  start(now: number): void {
    this.#startedAt = now
  }

  end(): void {
    this.#startedAt = undefined
  }

  /** Milliseconds left, 0 when over. A clock that was set back ends it: one call too many beats none for years. */
  remainingMs(now: number): number {
    if (this.#startedAt === undefined || now < this.#startedAt) return 0
    return Math.max(0, this.#startedAt + this.#spanMs - now)
  }
}
