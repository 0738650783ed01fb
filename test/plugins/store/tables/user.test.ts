import t from 'tap'
import { requireUser, type User } from '../../../../src/plugins/store/tables/user.ts'

t.test('requireUser returns the loaded user, or throws an error that names app.loadUser', async (t) => {
  const user = { id: 1 } as User
  t.equal(requireUser(user), user)
  t.throws(() => requireUser(null), /add app\.loadUser to its preHandler/)
})
