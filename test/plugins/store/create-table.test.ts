import { type Generated, type Kysely, sql } from 'kysely'
import t from 'tap'
import { createTableOfUser } from '../../../src/plugins/store/create-table.ts'
import { isForeignKeyViolation } from '../../../src/plugins/store/errors.ts'
import { deleteUser, registerUser } from '../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../helpers/database.ts'

interface Tables {
  things: { id: Generated<number>; user_id: number; name: string }
}

onEachStore(
  t,
  'rows of a table of users end with their user, and their ids are not reused',
  async (t, store) => {
    await createTableOfUser(store as unknown as Kysely<unknown>, 'things', (table) =>
      table.addColumn('name', 'text', (column) => column.notNull()),
    )
    const things = store as unknown as Kysely<Tables>
    const profile = { email: null, emailVerified: null, name: null, picture: null }
    const add = async (user_id: number) => {
      const row = await things
        .insertInto('things')
        .values({ user_id, name: 'kettle' })
        .returning('id')
        .executeTakeFirstOrThrow()
      return row.id
    }
    const [ada, bob] = await Promise.all(
      ['ada', 'bob'].map(async (subject) => {
        const { user } = await registerUser(
          store,
          { issuer: 'https://issuer.test/', subject },
          profile,
          Date.now(),
        )
        return user.id
      }),
    )
    const first = await add(Number(ada))
    const second = await add(Number(bob))
    t.ok(second > first)
    await deleteUser(store, 'https://issuer.test/', Number(bob))
    t.same(await things.selectFrom('things').select('id').execute(), [{ id: first }])
    const violation = await add(Number(bob)).catch((error) => error)
    t.ok(isForeignKeyViolation(violation))
    await sql`delete from things`.execute(store)
    t.ok((await add(Number(ada))) > second)
  },
)
