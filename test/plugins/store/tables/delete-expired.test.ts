import t from 'tap'
import { deleteExpired } from '../../../../src/plugins/store/tables/delete-expired.ts'
import { isFirstUse } from '../../../../src/plugins/store/tables/replay-guard.ts'
import { createSession } from '../../../../src/plugins/store/tables/sessions.ts'
import { registerUser } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const now = Date.parse('2026-11-22T10:00:00Z')

onEachStore(t, 'only expired rows are deleted, up to the limit of each call', async (t, store) => {
  const profile = { email: null, emailVerified: null, name: null, picture: null }
  const { user } = await registerUser(store, { issuer: 'i', subject: 's' }, profile, now)
  const common = { contents: '', user: user.id, sid: null, createdAt: now }
  for (let number = 0; number < 6; number++) {
    const expiresAt = now + (number < 5 ? 0 : 1)
    await createSession(store, { ...common, idHash: String(number), expiresAt })
    if (number > 2) await isFirstUse(store, String(number), expiresAt)
  }
  t.ok(await deleteExpired(store, now, 2), 'two rows per table, and more may be left')
  t.ok(await deleteExpired(store, now, 2))
  t.notOk(await deleteExpired(store, now, 2))
  t.same(await store.selectFrom('sessions').select('id_hash').execute(), [{ id_hash: '5' }])
  t.equal((await store.selectFrom('replay_guard').selectAll().execute()).length, 1)
})
