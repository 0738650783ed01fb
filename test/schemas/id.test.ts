import t from 'tap'
import { orNotFound, toId } from '../../src/schemas/id.ts'

const notFound = { code: 'not_found', statusCode: 404 }

t.test('an id is a positive safe integer in decimal digits', async (t) => {
  t.equal(toId('1'), 1)
  t.equal(toId('9007199254740991'), Number.MAX_SAFE_INTEGER)
  for (const text of [
    '',
    '0',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    ' 1',
    '1 ',
    'a',
    '٣',
    '9007199254740992',
  ]) {
    t.throws(() => toId(text), notFound, text)
  }
})

t.test('orNotFound returns any value except undefined, which is 404', async (t) => {
  for (const thing of [{}, 0, '', null, false]) t.equal(orNotFound(thing), thing)
  t.throws(() => orNotFound(undefined), notFound)
})
