import t from 'tap'
import { removeMarked } from '../../../dev/init/markers.ts'

const remove = (text: string, ...parts: string[]) => removeMarked(text, new Set(parts))

t.test('a marker behind code or text marks its line', async (t) => {
  const text = 'a\nb // part: one\nc # part: two\nd <!-- part: one -->\ne /* part: two */\n'
  t.equal(remove(text, 'one'), 'a\nc # part: two\ne /* part: two */\n')
  t.equal(remove(text, 'one', 'two'), 'a\n')
  t.equal(remove(text, 'three'), text)
})

t.test('a marker on a line of its own begins a region, and regions can be nested', async (t) => {
  const text = 'a\n  // part: one\n  b\n  // part: two\n  c\n  // end\n  d\n  // end\ne\n'
  t.equal(remove(text, 'one'), 'a\ne\n')
  t.equal(remove(text, 'two'), 'a\n  // part: one\n  b\n  d\n  // end\ne\n')
})

t.test('blank lines around a removed region become one', async (t) => {
  t.equal(remove('a\n\n<!-- part: one -->\nb\n<!-- end -->\n\nc\n', 'one'), 'a\n\nc\n')
  t.equal(remove('a\n\n<!-- part: one -->\nb\n<!-- end -->\n', 'one'), 'a\n')
  t.equal(remove('a\n<%/* part: one */%>\nb\n<%/* end */%>\nc\n', 'one'), 'a\nc\n')
  t.equal(remove('a\n\n\nb\n', 'one'), 'a\n\n\nb\n', 'other blank lines stay')
})

t.test('a region that is not closed, or not opened, is an error', async (t) => {
  t.throws(() => remove('// part: one\na\n', 'two'), /a region has no end/)
  t.throws(() => remove('a\n// end\n', 'one'), /no region begins before: \/\/ end/)
})
