import type { State } from './state.ts'

/** Fields of the provider's records that the adapter searches by. */
interface Payload {
  grantId?: string
  uid?: string
  userCode?: string
  consumed?: number
  [field: string]: unknown
}

/** Stores one kind of the provider's records in the state of the tenant. Its names and signatures are the provider's. */
export class Adapter {
  readonly #state: State
  readonly #model: string

  constructor(state: State, model: string) {
    this.#state = state
    this.#model = model
  }

  async upsert(id: string, payload: Payload, expiresInSeconds?: number): Promise<void> {
    const expiresAt = expiresInSeconds === undefined ? null : Date.now() + expiresInSeconds * 1000
    this.#state.run(
      `INSERT OR REPLACE INTO records (model, id, json, expires_at, grant_id, uid, user_code)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      this.#model,
      id,
      JSON.stringify(payload),
      expiresAt,
      payload.grantId ?? null,
      payload.uid ?? null,
      payload.userCode ?? null,
    )
  }

  async find(id: string): Promise<Payload | undefined> {
    return this.#findBy('id', id)
  }

  async findByUid(uid: string): Promise<Payload | undefined> {
    return this.#findBy('uid', uid)
  }

  async findByUserCode(userCode: string): Promise<Payload | undefined> {
    return this.#findBy('user_code', userCode)
  }

  async consume(id: string): Promise<void> {
    this.#state.run(
      "UPDATE records SET json = json_set(json, '$.consumed', ?) WHERE model = ? AND id = ?",
      Math.floor(Date.now() / 1000),
      this.#model,
      id,
    )
  }

  async destroy(id: string): Promise<void> {
    this.#state.run('DELETE FROM records WHERE model = ? AND id = ?', this.#model, id)
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    this.#state.run('DELETE FROM records WHERE grant_id = ?', grantId)
  }

  #findBy(column: 'id' | 'uid' | 'user_code', value: string): Payload | undefined {
    const row = this.#state.first(
      `SELECT json FROM records WHERE model = ? AND ${column} = ? AND (expires_at IS NULL OR expires_at > ?)`,
      this.#model,
      value,
      Date.now(),
    )
    return row && JSON.parse(String(row.json))
  }
}
