/** A period after a failure without another attempt. The caller passes the time in milliseconds. */
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

  /** Remaining milliseconds, or 0. A clock that is set back ends the cooldown, which could otherwise last for years. */
  remainingMs(now: number): number {
    if (this.#startedAt === undefined || now < this.#startedAt) return 0
    return Math.max(0, this.#startedAt + this.#spanMs - now)
  }
}
