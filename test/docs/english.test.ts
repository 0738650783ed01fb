import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')

/** The part of the rule of plain English that a pattern can see. */
const forbidden = [
  /\b(whoever|somebody|nobody|anew|in\s+vain|but\s+for)\b/gi,
  /\b(is|are)\s+no\s+[a-z]+/gi,
  /\/\*\*\s+(What|Who|Whoever|That|Of|How|By|Told)\b/g,
]

t.test('comments and documentation are in plain English', async (t) => {
  const comments = filesOf('{src,dev}/**/*.ts').flatMap((file) =>
    find(file, commentsOf(read(file)), forbidden),
  )
  const users = filesOf('src/**/*.ts').flatMap((file) => find(file, commentsOf(read(file)), [/\bpeople\b/gi]))
  const pages = filesOf('{*,docs/**/*}.md').flatMap((file) => find(file, proseOf(read(file)), forbidden))
  t.strictSame([...comments, ...users, ...pages], [])
})

t.test(
  'the search finds forbidden words in comments and prose, also across lines, but not in quotations',
  async (t) => {
    const code =
      "const a = 'nobody' // nobody\n/** What is\n * no use */\n// \"whoever\", `anew`\nfetch('https://x/anew')\n"
    t.strictSame(find('a.ts', commentsOf(code), forbidden), [
      'a.ts:1 nobody',
      'a.ts:2 is no use',
      'a.ts:2 /** What',
    ])
    const page = 'All but\nfor one.\n\n```js\n// anew\n```\n\n"in vain", `nobody`\n'
    t.strictSame(find('a.md', proseOf(page), forbidden), ['a.md:1 but for'])
  },
)

function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: root }).sort()
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** The comments of a file, each on its line; the rest is blank. */
function commentsOf(code: string): string {
  let end = 0
  let comments = ''
  for (const { 0: comment, index } of code.matchAll(/\/\*\*?\s.*?\*\/|(?<=^|\s)\/\/[^\n]*/gs)) {
    comments += blank(code.slice(end, index)) + comment
    end = index + comment.length
  }
  return withoutQuotations(comments.replace(/\n\s*(\*|\/\/)(?!\/)/g, '\n'))
}

/** The text of a page without its blocks of code. */
function proseOf(page: string): string {
  return withoutQuotations(page.replace(/^ *```.*?^ *```$/gms, blank))
}

function withoutQuotations(text: string): string {
  return text.replace(/`[^`]*`|"[^"]*"/g, blank)
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

function find(file: string, text: string, patterns: readonly RegExp[]): string[] {
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ 0: words, index }) => {
      const line = text.slice(0, index).split('\n').length
      return `${file}:${line} ${words.replace(/\s+/g, ' ')}`
    }),
  )
}
