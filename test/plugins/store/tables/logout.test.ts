import t from 'tap'
import { endSessions } from '../../../../src/plugins/store/tables/logout.ts'
import { createSession, findSession } from '../../../../src/plugins/store/tables/sessions.ts'
import { recordVisit } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

onEachStore(t, 'a notice that arrives twice at the same time ends the sessions once', async (t, store) => {
  const [issuer, subject, now] = ['https://issuer.test/', 'auth0|ada', Date.now()]
  const { user } = await recordVisit(store, { issuer, subject }, now)
  const session = { idHash: 'hash', contents: '', createdAt: now, expiresAt: now + 60_000, sid: 'one' }
  await createSession(store, { ...session, user: user.id })
  const tokens = {
    issuer,
    kind: 'sid',
    value: 'one',
    before: undefined,
    until: now + 60_000,
    reason: undefined,
  } as const
  const notice = { issuer, subject, sid: 'one', id: 'jti', until: now + 60_000, tokens }
  const ended = await Promise.all([1, 2, 3].map(() => endSessions(store, notice, now)))
  t.strictSame(ended.toSorted(), [1, undefined, undefined])
  t.equal(await findSession(store, 'hash', now), undefined)
  t.equal(await endSessions(store, notice, now), undefined, 'and not later')
})
