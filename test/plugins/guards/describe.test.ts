import t from 'tap'
import { describeGuards } from '../../../src/plugins/guards/describe.ts'
import type { Guard } from '../../../src/plugins/guards/guard.ts'

const leaf = (kind: Guard['kind'], ...required: string[]): Guard => ({ kind, required })
const any = (...children: Guard[]): Guard => ({ kind: 'any', required: [], children })
const all = (...children: Guard[]): Guard => ({ kind: 'all', required: [], children })

const token = leaf('token')
const scope = leaf('scope', 'read:things', 'write:things')
const permission = leaf('permission', 'read:admin-things')
const authorization = leaf('authorization', 'ownsThing')

t.test('guards are described in words', async (t) => {
  t.equal(describeGuards([]), 'anyone')
  t.equal(describeGuards([token]), 'a valid token')
  t.equal(describeGuards([token, token]), 'a valid token')
  t.equal(describeGuards([leaf('optional')]), 'an optional token')
  t.equal(describeGuards([leaf('session')]), 'signed in') // part: web-app
  t.equal(describeGuards([scope]), 'scope read:things and scope write:things')
  t.equal(
    describeGuards([token, scope, permission]),
    'scope read:things and scope write:things and permission read:admin-things',
  )
  t.equal(describeGuards([leaf('role', 'editor')]), 'role editor')
  t.equal(
    describeGuards([leaf('authentication', 'acr a or b', 'max_age 300')]),
    'a login with acr a or b and max_age 300',
  )
  t.equal(describeGuards([leaf('claim', '/org_id = a or b')]), 'claim /org_id = a or b')
})

t.test('combinations within combinations are in parentheses', async (t) => {
  const either = any(scope, permission)
  t.equal(
    describeGuards([either]),
    'scope read:things and scope write:things or permission read:admin-things',
  )
  const [a, b, c] = [leaf('scope', 'a'), leaf('scope', 'b'), leaf('role', 'c')]
  t.equal(describeGuards([any(a, b), c]), '(scope a or scope b) and role c')
  t.equal(describeGuards([any(all(a, b), c)]), '(scope a and scope b) or role c')
  t.equal(describeGuards([all(any(a, b), any(b, c))]), '(scope a or scope b) and (scope b or role c)')
})

t.test('a decision of the route is named beside its guard', async (t) => {
  t.equal(describeGuards([token, authorization]), 'a valid token and authorization by ownsThing')
  t.equal(
    describeGuards([leaf('optional'), authorization]),
    'an optional token and authorization by ownsThing',
  )
  t.equal(
    describeGuards([permission, authorization]),
    'permission read:admin-things and authorization by ownsThing',
  )
})
