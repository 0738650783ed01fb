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

export const Todo = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  date: Type.String({ format: 'date' }),
  user: Type.Integer(),
})

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

/** Lists to-dos of the user. Like all functions here, it ignores to-dos of other users. */
export async function listTodos(
  store: Store,
  user: number,
  { cursor, limit }: PageRequest,
): Promise<Page<Todo>> {
  const rows = await selectPage(store, user, cursor, limit + 1)
  return toPage(rows, limit, toTodo)
}

/** @throws {ServiceError} 409 when the user was deleted */
export async function createTodo(store: Store, user: number, fields: TodoFields): Promise<Todo> {
  try {
    const row = await store
      .insertInto('todos')
      .values({ ...fields, user_id: user })
      .returningAll()
      .executeTakeFirstOrThrow()
    return toTodo(row)
  } catch (error) {
    throw isForeignKeyViolation(error) ? new ServiceError(storeErrors.userDeleted) : error
  }
}

export async function findTodo(store: Store, user: number, id: number): Promise<Todo | undefined> {
  const [row] = await selectOne(store, user, id)
  return row && toTodo(row)
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
