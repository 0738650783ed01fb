import { isDeepStrictEqual } from 'node:util'
import type { Compilable, CompiledQuery } from 'kysely'
import type { Store } from '../schema.ts'

/**
 * A query that is built once for each store and run many times: building it takes longer than many statements run.
 *
 * @param build its values, in their order, are the parameters of the statement; the first call throws if they are not
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
