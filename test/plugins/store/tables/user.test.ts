import t from 'tap'
import { requireUser, type User } from '../../../../src/plugins/store/tables/user.ts'

t.test('a route that loads its user has one, any other is told how to', async (t) => {
  const user = { id: 1 } as User
  t.equal(requireUser(user), user)
  t.throws(() => requireUser(null), /add app\.loadUser to its preHandler/)
})
