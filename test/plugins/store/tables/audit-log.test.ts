import t from 'tap'
import {
  AUDIT_MAX_AGE_MS,
  listActions,
  recordAction,
} from '../../../../src/plugins/store/tables/audit-log.ts'
import { deleteUser, recordVisit } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const issuer = 'https://issuer.test/'
const now = Date.UTC(2026, 10, 21, 12)

onEachStore(
  t,
  'actions are listed newest first, for their issuer, and outlive the user',
  async (t, store) => {
    const { user } = await recordVisit(store, { issuer, subject: 'ada' }, now)
    const { user: other } = await recordVisit(store, { issuer: 'https://other.test/', subject: 'ada' }, now)
    await recordAction(store, { actor: 'admin', action: 'delete_user', user }, now)
    await recordAction(store, { actor: 'eve', action: 'delete_user', user: other }, now)
    await recordAction(store, { actor: 'admin', action: 'delete_user', user }, now + 1)
    await deleteUser(store, issuer, user.id)
    const entry = { actor: 'admin', user: user.id, subject: 'ada' }
    t.strictSame(await listActions(store, issuer, 100, now + 1), [
      { id: 3, at: '2026-11-21T12:00:00.001Z', ...entry, action: 'delete_user' },
      { id: 1, at: '2026-11-21T12:00:00.000Z', ...entry, action: 'delete_user' },
    ])
    t.match(await listActions(store, issuer, 1, now + 1), [{ id: 3 }])
  },
)

onEachStore(t, 'actions are hidden at the maximum age, and deleted by the next action', async (t, store) => {
  const { user } = await recordVisit(store, { issuer, subject: 'ada' }, now)
  const action = { actor: 'admin', action: 'delete_user', user } as const
  await recordAction(store, action, now)
  const end = now + AUDIT_MAX_AGE_MS
  t.equal((await listActions(store, issuer, 100, end - 1)).length, 1)
  t.equal((await listActions(store, issuer, 100, end)).length, 0)
  await recordAction(store, action, end)
  t.strictSame(await store.selectFrom('audit_log').select('id').execute(), [{ id: 2 }])
})
