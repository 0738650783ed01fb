import t from 'tap'
import { compilePointer } from '../../../src/plugins/auth/json-pointer.ts'

/** The example of RFC 6901, section 5, without the members that need no rule of their own. */
const document = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, ' ': 7, 'm~n': 8, deep: { er: { value: 9 } } }

t.test('a pointer finds the value (RFC 6901, section 5)', async (t) => {
  const pointers = ['', '/foo', '/foo/0', '/', '/a~1b', '/ ', '/m~0n', '/deep/er/value']
  t.strictSame(
    pointers.map((pointer) => compilePointer(pointer)(document)),
    [document, ['bar', 'baz'], 'bar', 0, 1, 7, 8, 9],
  )
})

t.test('`~01` means `~1` (RFC 6901, section 4)', async (t) => {
  t.equal(compilePointer('/~01')({ '~1': 1, '/': 2 }), 1)
})

t.test('a pointer to an absent value finds undefined', async (t) => {
  const pointers = [
    '/x',
    '/foo/2',
    '/foo/-',
    '/foo/01',
    '/foo/bar/0',
    '/foo/length',
    '/constructor',
    '/deep/toString',
  ]
  t.strictSame(
    pointers.map((pointer) => compilePointer(pointer)(document)),
    pointers.map(() => undefined),
  )
  t.equal(compilePointer('/a')(null), undefined)
})

t.test('text that is not a pointer is rejected', async (t) => {
  for (const text of ['foo', 'foo/bar', '/~', '/~2', '/a~', '#/foo'])
    t.throws(() => compilePointer(text), { message: `${text} is not a JSON pointer` })
})
