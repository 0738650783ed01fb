import { isDeepStrictEqual } from 'node:util'
import type { Compilable, CompiledQuery } from 'kysely'
import type { Store } from '../schema.ts'

/**
 * Builds a query once per store and runs it many times, because building takes longer than executing many statements.
 *
 * @param build uses its values as the parameters of the statement, in the same order; otherwise the first call throws
 */
export function prepared<Values extends readonly unknown[], Row>(
  build: (store: Store, ...values: Values) => Compilable<Row>,
): (store: Store, ...values: Values) => Promise<Row[]> {
  const queries = new WeakMap<Store, CompiledQuery<Row>>()
  return async (store, ...parameters) => {
    let query = queries.get(store)
    if (!query) {
      query = build(store, ...parameters).compile()
      if (!isDeepStrictEqual(query.parameters, parameters))
        throw new Error(`the values are not the parameters of: ${query.sql}`)
      queries.set(store, query)
    }
    const { rows } = await store.executeQuery<Row>({ ...query, parameters })
    return rows
  }
}
