/** Generates the same pseudo-random numbers for the same seed (mulberry32). Not for cryptography. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Returns an integer from 0 to `limit - 1`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  /** Returns a string of common and unusual characters. */
  text(): string {
    const alphabet = 'aZ09-_=+/. \u0000\u007f\u00e9\u2028\u{1f511}"\\'
    return Array.from({ length: this.below(12) }, () => this.one([...alphabet])).join('')
  }

  /** Returns any JSON value, nested up to `depth` levels. */
  json(depth = 3): unknown {
    const plain = [null, true, false, 0, -1, 1.5, this.below(2 ** 31), this.text(), '', 'RS256', [], {}]
    if (depth === 0 || this.below(3) > 0) return this.one(plain)
    const items = Array.from({ length: this.below(4) }, () => this.json(depth - 1))
    return this.below(2) === 0 ? items : Object.fromEntries(items.map((item) => [this.text(), item]))
  }
}
