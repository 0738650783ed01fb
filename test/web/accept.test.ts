import t from 'tap'
import { prefersHtml } from '../../src/web/accept.ts'

const browsers = [
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
]

t.test('who names HTML and not JSON, or HTML with more weight, gets a page', async (t) => {
  for (const accept of [
    ...browsers,
    'text/html',
    'TEXT/HTML; charset=utf-8',
    'text/*',
    'application/json;q=0.5, text/html',
    'application/json; q=0.1 , text/html; level=1; Q=0.2',
    'application/json;q=0, */*',
    'application/*;q=0.4, */*;q=0.5',
  ]) {
    t.equal(prefersHtml(accept), true, accept)
  }
})

t.test('who names JSON, or nothing, gets JSON', async (t) => {
  for (const accept of [
    undefined,
    '',
    '*/*',
    'application/json',
    'application/*',
    'image/png',
    'text/html, application/json',
    'text/html;q=0',
    'text/html;q=0.8, */*',
    'text/html;q=x',
    ',;q=1,',
  ]) {
    t.equal(prefersHtml(accept), false, `${accept}`)
  }
})
