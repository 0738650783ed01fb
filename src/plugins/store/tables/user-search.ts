import { folded, foldedColumn } from '../folded.ts'
import type { Store } from '../schema.ts'
import { type Page, type PageRequest, toPage } from './page.ts'
import type { User } from './user.ts'
import { toUser } from './user-row.ts'

/** Maximum number of users that a search considers by email address, and by name. Bounds its cost. */
export const MAX_MATCHES = 1_000

/**
 * Lists users of one issuer whose email address or name begins with the text, by id. Ignores the case of ASCII letters.
 * Considers the first {@link MAX_MATCHES} email addresses and names in alphabetical order.
 */
export async function searchUsers(
  store: Store,
  issuer: string,
  text: string,
  { cursor, limit }: PageRequest,
): Promise<Page<User>> {
  const start = folded(text)
  const matches = (column: 'email' | 'name') =>
    store
      .selectFrom('users')
      .select('id')
      .where('issuer', '=', issuer)
      .where(foldedColumn(store, column), '>=', start)
      .where(foldedColumn(store, column), '<', `${start}\u{10ffff}`)
      .orderBy(foldedColumn(store, column))
      .orderBy('id')
      .limit(MAX_MATCHES)
  const rows = await store
    .selectFrom('users')
    .selectAll()
    .where('id', 'in', (all) =>
      all
        .selectFrom(matches('email').as('by_email'))
        .select('id')
        .union(all.selectFrom(matches('name').as('by_name')).select('id')),
    )
    .where('id', '>', cursor)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, toUser)
}
