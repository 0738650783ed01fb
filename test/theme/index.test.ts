import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readTheme, themeFiles } from '../../src/theme/index.ts'

const root = join(import.meta.dirname, '../..')
const theme = readTheme((font) => `/fonts/${font}`)
const stylesheets = [
  'src/web/views/assets/style.css', // part: web-app
  'src/plugins/docs-page/style.css',
  'dev/tenant/views/style.css',
]

t.test('the theme has a stylesheet, a mark and fonts, whose addresses the pages choose', async (t) => {
  for (const [name, path] of themeFiles) t.ok(readFileSync(path).length > 100, name)
  t.strictSame(
    [...theme.matchAll(/url\("(.*?)"\)/g)].map(([, address]) => address),
    ['/fonts/inter.woff2', '/fonts/space-grotesk.woff2', '/fonts/fira-code.woff2'],
  )
})

t.test('colours, fonts and corners are those of the theme in all stylesheets', async (t) => {
  const namesIn = (css: string, pattern: RegExp) => [...css.matchAll(pattern)].map(([, name = '']) => name)
  const DEFINED = /(?<=[\s{])(--[\w-]+):/g
  const shared = new Set(namesIn(theme, DEFINED))
  for (const file of stylesheets) {
    const css = readFileSync(join(root, file), 'utf8')
    const own = new Set([...namesIn(css, DEFINED), '--service'])
    const used = namesIn(css, /var\((--[\w-]+)/g)
    t.ok(used.filter((name) => shared.has(name)).length > 10, file)
    t.strictSame(
      used.filter((name) => !shared.has(name) && !own.has(name)),
      [],
      `${file} uses what is defined`,
    )
    t.strictSame(
      [...shared].filter((name) => own.has(name)),
      [],
      `${file} redefines nothing`,
    )
    t.notMatch(css, /(?<!\.)\b(Inter|Grotesk|Fira|system-ui)\b/, `${file} names no font`)
    t.notMatch(css, /border-radius: (?!50%)[\d.]/, `${file} sets no corner of its own`)
  }
})

t.test('every text colour has enough contrast in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)', async (t) => {
  const colours = new Map(
    [...theme.matchAll(/(--[\w-]+): (?:light-dark\((#\w+), (#\w+)\)|(#\w+));/g)].map(
      ([, name, light, dark, both]) => [name, [light ?? both, dark ?? both] as const],
    ),
  )
  const colour = (name: string, scheme: 0 | 1) => colours.get(name)?.[scheme] ?? `no ${name}`
  const texts = ['--front', '--muted', '--accent', '--fault', '--code-string', '--code-number', '--code-word']
  const pairs = [
    ...texts.flatMap((text) => ['--ground', '--panel'].map((ground) => [text, ground] as const)),
    ['--on-primary', '--primary'] as const,
    ['--on-primary', '--primary-hover'] as const,
  ]
  for (const [text, ground] of pairs) {
    for (const scheme of [0, 1] as const) {
      const ratio = contrast(colour(text, scheme), colour(ground, scheme))
      t.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`)
    }
  }
})

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

/** Relative luminance of a colour such as `#fff` (WCAG 2.2). */
function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.slice(1).replace(/./g, '$&$&') : colour.slice(1)
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
