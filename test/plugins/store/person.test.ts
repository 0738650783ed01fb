import t from 'tap'
import { type Person, requireUser } from '../../../src/plugins/store/person.ts'

t.test('a route that loads its user has one, any other is told how to', async (t) => {
  const person = { id: 1 } as Person
  t.equal(requireUser(person), person)
  t.throws(() => requireUser(null), /add app\.loadUser to its preHandler/)
})
