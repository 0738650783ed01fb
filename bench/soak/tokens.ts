import { importJWK, type JWK, SignJWT } from 'jose'
import { api } from '../../dev/tenant/api.ts'

const IN_STOCK = 300

/** Tokens like those of the local tenant, signed in advance so that signing does not delay requests. */
export class Tokens {
  readonly users = 100
  readonly #issuer: string
  readonly #known = new Map<string, string[]>()
  #key: JWK | undefined
  #new: string[] = []
  #isFilling = false
  #withdrawn: string[] = []

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  /** Signs new tokens with this key, as soon as enough of them exist. Known tokens stay in use. */
  async useKey(key: JWK): Promise<void> {
    const known = await Promise.all(Array.from({ length: this.users }, (_, n) => this.#sign(key, n)))
    const stock = await Promise.all(Array.from({ length: IN_STOCK }, () => this.#sign(key)))
    this.#key = key
    this.#known.set(String(key.kid), known)
    this.#new = stock
  }

  /** Moves the tokens of this key from the known to the withdrawn ones. */
  withdraw(kid: string): void {
    this.#withdrawn.push(...(this.#known.get(kid) ?? []))
    this.#known.delete(kid)
  }

  known(user: number): string {
    const generations = [...this.#known.values()]
    return generations[Math.floor(Math.random() * generations.length)]?.[user] ?? ''
  }

  new(): string | undefined {
    void this.#fill()
    return this.#new.pop()
  }

  withdrawn(): string | undefined {
    return this.#withdrawn[Math.floor(Math.random() * this.#withdrawn.length)]
  }

  /** The signature does not matter: without a key it is not checked. */
  invented(): string {
    const [, claims, signature] = this.known(0).split('.')
    return `${encode({ alg: 'RS256', typ: 'JWT', kid: crypto.randomUUID() })}.${claims}.${signature}`
  }

  async #fill(): Promise<void> {
    if (this.#isFilling) return
    this.#isFilling = true
    while (this.#key && this.#new.length < IN_STOCK) {
      const key = this.#key
      const token = await this.#sign(key)
      if (key === this.#key) this.#new.push(token)
    }
    this.#isFilling = false
  }

  async #sign(key: JWK, user = Math.floor(Math.random() * this.users)): Promise<string> {
    return new SignJWT({ scope: 'read:messages', permissions: ['read:messages'], azp: 'soak' })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: String(key.kid) })
      .setIssuer(this.#issuer)
      .setAudience(api.identifier)
      .setSubject(`auth0|${String(user).padStart(24, '0')}`)
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime('1d')
      .sign(await importJWK(key, 'RS256'))
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
