import { Cooldown } from '../../http/cooldown.ts'

export interface CircuitBreakerOptions<Argument, Result> {
  /** May fail. */
  readonly remote: (argument: Argument) => Promise<Result>
  /** Replaces `remote` while the circuit is open. */
  readonly fallback: (argument: Argument) => Promise<Result>
  /** Called after every failure. */
  readonly onFailure: () => void
  readonly onOpen: (error: Error) => void
  readonly onClose: () => void
}

export const COOLDOWN_MS = 3_000

/** Calls a remote function until it fails, then a fallback. After each cooldown, a single call tries the remote again. */
export class CircuitBreaker<Argument, Result> {
  readonly #options: CircuitBreakerOptions<Argument, Result>
  readonly #cooldown = new Cooldown(COOLDOWN_MS)
  #isOpen = false

  constructor(options: CircuitBreakerOptions<Argument, Result>) {
    this.#options = options
  }

  /** Whether the fallback is used. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @param nowMs time of a monotonic clock */
  async call(argument: Argument, nowMs: number): Promise<Result> {
    const isTrial = this.#isOpen
    if (isTrial) {
      if (this.#cooldown.remainingMs(nowMs) > 0) return this.#options.fallback(argument)
      this.#cooldown.start(nowMs) // concurrent calls do not wait for the trial
    }
    try {
      const result = await this.#options.remote(argument)
      if (isTrial) this.#close()
      return result
    } catch (error) {
      this.open(error as Error, nowMs)
      return this.#options.fallback(argument)
    }
  }

  /** Opens the circuit, or restarts the cooldown of an open one. */
  open(error: Error, nowMs: number): void {
    this.#options.onFailure()
    this.#cooldown.start(nowMs)
    if (this.#isOpen) return
    this.#isOpen = true
    this.#options.onOpen(error)
  }

  #close(): void {
    this.#isOpen = false
    this.#options.onClose()
  }
}
