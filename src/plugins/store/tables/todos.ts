import { type Generated, type Selectable, sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { ServiceError } from '../../../errors/catalogue.ts'
import { isForeignKeyViolation, storeErrors } from '../errors.ts'
import type { Store } from '../schema.ts'
import { type Page, type PageRequest, toPage } from './page.ts'
import { prepared } from './prepared.ts'

declare module '../schema.ts' {
  interface Schema {
    todos: TodosTable
  }
}

interface TodosTable {
  id: Generated<number>
  user_id: number
  title: string
  /** `YYYY-MM-DD` */
  date: string
}

export const Todo = Type.Object(
  {
    id: Type.Integer({ readOnly: true, description: 'Assigned by the service' }),
    title: Type.String(),
    date: Type.String({ format: 'date' }),
    user: Type.Integer({ readOnly: true, description: 'ID of the owner' }),
  },
  {
    title: 'Todo',
    description: 'A to-do of the caller',
    examples: [{ id: 2, title: 'water the plants', date: '2026-11-21', user: 1 }],
  },
)

export type Todo = Static<typeof Todo>

/** Fields that the owner sets. */
export type TodoFields = Pick<Todo, 'title' | 'date'>

const selectPage = prepared((store, user: number, cursor: number, count: number) =>
  store
    .selectFrom('todos')
    .selectAll()
    .where('user_id', '=', user)
    .where('id', '>', cursor)
    .orderBy('id')
    // The sum saves SQLite from planning the query again on each call, as it does when LIMIT is a bare parameter
    .limit(sql<number>`${count} + 0`),
)

const selectOne = prepared((store, user: number, id: number) =>
  store.selectFrom('todos').selectAll().where('user_id', '=', user).where('id', '=', id),
)

const insertBelow = prepared(
  (store, title: string, date: string, user: number, owner: number, maximum: number) =>
    store
      .insertInto('todos')
      .columns(['title', 'date', 'user_id'])
      .expression(
        store
          .selectNoFrom([
            sql`cast(${title} as text)`.as('title'),
            sql`cast(${date} as text)`.as('date'),
            sql`cast(${user} as bigint)`.as('user_id'),
          ])
          .where(({ exists, not, selectFrom }) =>
            not(
              exists(
                selectFrom('todos')
                  .select('id')
                  .where('user_id', '=', owner)
                  .orderBy('id')
                  .limit(sql.lit(1))
                  .offset(sql<number>`${maximum} - 1`),
              ),
            ),
          ),
      )
      .returningAll(),
)

/** Lists to-dos of the user. Like all functions here, it ignores to-dos of other users. */
export async function listTodos(
  store: Store,
  user: number,
  { cursor, limit }: PageRequest,
): Promise<Page<Todo>> {
  const rows = await selectPage(store, user, cursor, limit + 1)
  return toPage(rows, limit, toTodo)
}

/**
 * Creates a to-do, unless the user has the maximum number of them. One statement counts and inserts. On SQLite, which
 * runs one at a time, the maximum is exact. On PostgreSQL concurrent statements do not count the rows of each other, so
 * at most as many to-dos are beyond the maximum as statements ran at the same time.
 *
 * @throws {ServiceError} 409 when the user was deleted, or has the maximum number of to-dos
 */
export async function createTodo(
  store: Store,
  user: number,
  { title, date }: TodoFields,
  maximum: number,
): Promise<Todo> {
  try {
    const [row] = await insertBelow(store, title, date, user, user, maximum)
    if (row) return toTodo(row)
  } catch (error) {
    throw isForeignKeyViolation(error) ? new ServiceError(storeErrors.userDeleted) : error
  }
  throw new ServiceError(storeErrors.limitReached, { detail: `${maximum} to-dos` })
}

export async function findTodo(store: Store, user: number, id: number): Promise<Todo | undefined> {
  const [row] = await selectOne(store, user, id)
  return row && toTodo(row)
}

export async function countTodos(store: Store, user: number): Promise<number> {
  const { count } = await store
    .selectFrom('todos')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('user_id', '=', user)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Updates the given fields only. */
export async function updateTodo(
  store: Store,
  user: number,
  id: number,
  changes: Partial<TodoFields>,
): Promise<Todo | undefined> {
  if (Object.keys(changes).length === 0) return findTodo(store, user, id)
  const row = await store
    .updateTable('todos')
    .set(changes)
    .where('id', '=', id)
    .where('user_id', '=', user)
    .returningAll()
    .executeTakeFirst()
  return row && toTodo(row)
}

/** @returns false when there was no such to-do */
export async function deleteTodo(store: Store, user: number, id: number): Promise<boolean> {
  const { numDeletedRows } = await store
    .deleteFrom('todos')
    .where('id', '=', id)
    .where('user_id', '=', user)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

function toTodo({ id, title, date, user_id }: Selectable<TodosTable>): Todo {
  return { id, title, date, user: user_id }
}
