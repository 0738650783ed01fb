import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import packageJson from '../package.json' with { type: 'json' }
import { filesOf, suites } from './suites/suites.ts'

const root = join(import.meta.dirname, '..')
const sources = globSync('src/**/*.ts', { cwd: root })

interface Import {
  /** A file of ours, from the root of the repository, or the name of a package. */
  target: string
  isTypeOnly: boolean
  isDynamic: boolean
}

function importsOf(file: string): Import[] {
  const statements = /\b(?:import|export)\b(\s+type\b)?(?:[^'";()]*?\bfrom)?\s*(\()?\s*'([^']+)'/g
  return [...codeOf(file).matchAll(statements)].map(([, type, bracket, specifier = '']) => ({
    target: specifier.startsWith('.') ? join(dirname(file), specifier) : specifier,
    isTypeOnly: type !== undefined,
    isDynamic: bracket !== undefined,
  }))
}

/** The text of a file without its comments. */
function codeOf(file: string): string {
  return readFileSync(join(root, file), 'utf8').replace(/\/\*.*?\*\/|(?<=^|\s)\/\/[^\n]*/gs, '')
}

/** Every file that can be reached, each once, with the way to it. */
function walk(
  from: string[],
  next: (file: string) => string[],
  visit: (file: string, way: string[]) => void,
) {
  const seen = new Set<string>()
  const step = (file: string, way: string[]) => {
    visit(file, way)
    if (seen.has(file)) return
    seen.add(file)
    for (const target of next(file)) step(target, [...way, file])
  }
  for (const file of from) step(file, [])
  return seen
}

/** Whether an import names a file: a relative path, which {@link importsOf} resolves. */
const isFile = (target: string) => /^(src|dev|test|bench|package\.json)\b/.test(target)

const isOurs = (target: string) => /^(src|test)\/.*\.ts$/.test(target)

/** The room of a file: `plugins/auth`, `web`, `errors`, a program such as `server`, or `outside` of src. */
function roomOf(file: string): string {
  const [room] = /(?<=^src\/)(plugins\/[\w-]+|[\w-]+)/.exec(file) ?? ['outside']
  return room
}

/** Files through which other rooms may enter. The store has a door for each table. */
function isDoor(file: string): boolean {
  return /^src\/(plugins\/[\w-]+(\/index)?|plugins\/store\/tables\/[\w-]+|web\/index)\.ts$/.test(file)
}

const open = ['crypto', 'errors', 'http', 'schemas']

/** The import rule of docs/architecture.md: beside itself, a room imports the open rooms and the doors named here. */
const mayImport: Record<string, { rooms: string[]; types?: string[]; doors?: RegExp }> = {
  server: { rooms: ['app', 'check', 'config', 'errors', 'server-options'] },
  check: { rooms: ['app', 'config', 'plugins/store'], doors: /^plugins\/auth$/ },
  migrate: { rooms: ['config', 'plugins/store'] },
  app: { rooms: ['errors', 'http'], types: ['config'], doors: /^(plugins\/(auth|guards)|web)$/ },
  'server-options': { rooms: open, types: ['config'] },
  config: { rooms: ['errors', 'http'] },
  errors: { rooms: ['http'] },
  crypto: { rooms: [] },
  http: { rooms: [] },
  schemas: { rooms: ['errors'] },
  theme: { rooms: [] },
  'plugins/auth': { rooms: ['errors', 'http'] },
  'plugins/guards': { rooms: ['errors', 'http'], doors: /^plugins\/auth$/ },
  'plugins/env': { rooms: ['config'] },
  plugins: { rooms: [...open, 'theme'], types: ['config'], doors: /^plugins\// },
  routes: { rooms: ['errors', 'schemas'], types: ['config'], doors: /^plugins\// },
  web: { rooms: [...open, 'theme'], types: ['config'], doors: /^plugins\// }, // part: web-app
}

function isAllowed(from: string, { target, isTypeOnly }: Import): boolean {
  const [own, room] = [roomOf(from), roomOf(target)]
  const rule = mayImport[own] ?? mayImport[own.split('/')[0] as string]
  if (own === room || rule?.rooms.includes(room)) return true
  if (isTypeOnly && rule?.types?.includes(room)) return true
  return isDoor(target) && rule?.doors?.test(room) === true
}

t.test('imports follow the rule of rooms and doors', async (t) => {
  const forbidden = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => isOurs(target) || target.startsWith('.'))
      .filter((imported) => !isAllowed(file, imported))
      .map(({ target }) => `${file} -> ${target}`),
  )
  t.strictSame(forbidden, [])
})

t.test('only the four programs stand loose in src', async (t) => {
  const loose = sources.filter((file) => /^src\/[^/]+$/.test(file))
  t.strictSame(loose.sort(), ['src/app.ts', 'src/migrate.ts', 'src/server-options.ts', 'src/server.ts'])
})

t.test('in plugins/auth the door alone knows Fastify', async (t) => {
  const inside = sources.filter((file) => /^src\/plugins\/auth\/(?!index)/.test(file))
  const knowing = inside.filter((file) => importsOf(file).some(({ target }) => /fastify/.test(target)))
  t.strictSame(knowing, [])
})

t.test('no files import each other in a circle, not even for their types', async (t) => {
  const next = (file: string) =>
    importsOf(file)
      .map(({ target }) => target)
      .filter(isOurs)
  const circles: string[] = []
  walk(sources, next, (file, way) => {
    if (way.includes(file)) circles.push([...way, file].join(' -> '))
  })
  t.strictSame(circles, [])
})

t.test('a package is known to its own room only', async (t) => {
  const places: [packages: RegExp, rooms: RegExp][] = [
    [/^(fast-jwt|get-jwks|@fastify\/jwt)$/, /^plugins\/auth$/],
    [/^ioredis$/, /^plugins\/redis$/],
    [/^openid-client$/, /^web$/], // part: web-app
    [/^(@opentelemetry\/.+|@fastify\/otel)$/, /^plugins\/tracing$/],
    [/^prom-client$/, /^plugins\/metrics$/],
    [/^(kysely|kysely\/.+|kysely-postgres-js|postgres|node:sqlite)$/, /^plugins\/store$/],
  ]
  const strangers = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => places.some(([name, rooms]) => name.test(target) && !rooms.test(roomOf(file))))
      .map(({ target }) => `${file} -> ${target}`),
  )
  t.strictSame(strangers, [])
})

t.test('package.json lists every package that is imported, and no other as a dependency', async (t) => {
  const packagesOf = (files: string[]) => {
    const targets = files.flatMap((file) => importsOf(file).map(({ target }) => target))
    const packages = targets.filter((target) => !/^(node:|data:)/.test(target) && !isFile(target))
    return packages.flatMap((target) => /^(@[\w-]+\/)?[\w.-]+(?=\/|$)/.exec(target)?.[0] ?? [])
  }
  const missing = (names: string[], listed: object) => [...new Set(names)].filter((name) => !(name in listed))
  const { dependencies, devDependencies } = packageJson
  const others = globSync('{dev,test}/**/*.ts', { cwd: root })
  t.strictSame(missing(packagesOf(sources), dependencies), [])
  t.strictSame(missing(packagesOf(others), { ...dependencies, ...devDependencies }), [])
  const text = sources.map(codeOf).join('\n')
  const isUsed = (name: string) => text.includes(name) || text.includes(`${name.split('/')[0]}/$`) // or in a template
  t.strictSame(
    Object.keys(dependencies).filter((name) => !isUsed(name)),
    [],
  )
})

t.test('get-jwks and @fastify/jwt are in the request path', async (t) => {
  const reached = walk(
    ['src/plugins/auth/index.ts'],
    (file) =>
      importsOf(file).flatMap(({ target, isTypeOnly }) => (isOurs(target) && !isTypeOnly ? target : [])),
    () => {},
  )
  const packages = [...reached].flatMap((file) => importsOf(file).map(({ target }) => target))
  for (const name of ['get-jwks', '@fastify/jwt']) t.ok(packages.includes(name), name)
})

t.test('optional modules are loaded by import() only when they are enabled', async (t) => {
  const isOptional = (file: string, room: string) =>
    (/^plugins\/(metrics|tracing|rate-limit|redis)$/.test(room) && file === `src/${room}/index.ts`) ||
    (room === 'web' && roomOf(file) !== 'web')
  const eager = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => isOptional(file, roomOf(target)))
      .filter(({ isTypeOnly, isDynamic }) => !isTypeOnly && !isDynamic)
      .map(({ target }) => `${file} -> ${target}`),
  )
  t.strictSame(eager, [])
})

t.test('only the programs and the log output touch the process', async (t) => {
  const touching = sources.filter((file) => /\bprocess\.|node:process/.test(codeOf(file)))
  t.strictSame(touching.sort(), [
    'src/config/command.ts',
    'src/migrate.ts',
    'src/server-options.ts',
    'src/server.ts',
  ])
  t.notMatch(codeOf('src/server-options.ts'), /process\.(?!stdout\.)/)
})

t.test('time is an argument wherever tokens are verified', async (t) => {
  const rooms = [
    /^src\/plugins\/auth\/(?!index)/,
    /^src\/web\/login\/(?!index|delete-expired)/, // part: web-app
  ]
  const inside = sources.filter((file) => rooms.some((room) => room.test(file)))
  const clock = /Date\.now|new Date\(\)|performance\.now|process\.hrtime/
  t.strictSame(
    inside.filter((file) => clock.test(codeOf(file))),
    [],
  )
})

t.test('every file is loaded by a test', async (t) => {
  const loaded: Record<string, string[]> = {
    'src/app.ts': sources.filter((file) => /^src\/(plugins\/([\w-]+|[\w-]+\/index)\.ts|routes\/)/.test(file)), // by @fastify/autoload
    'src/plugins/store/migrate.ts': sources.filter((file) =>
      file.startsWith('src/plugins/store/migrations/'),
    ),
    'src/web/index.ts': sources.filter((file) => file.startsWith('src/web/pages/')), // part: web-app
    'test/helpers/process.ts': ['src/server.ts'], // as processes
    'test/migrate.test.ts': ['src/migrate.ts'],
  }
  const next = (file: string) => [
    ...(loaded[file] ?? []),
    ...importsOf(file).flatMap(({ target, isTypeOnly }) => (isOurs(target) && !isTypeOnly ? target : [])),
  ]
  const reached = walk(globSync('test/**/*.test.ts', { cwd: root }), next, () => {})
  const isTypesOnly = (file: string) =>
    !/^(export )?(default|const|let|function|async|class)\b/m.test(codeOf(file))
  t.strictSame(
    sources.filter((file) => !reached.has(file) && !isTypesOnly(file)),
    [],
  )
})

t.test('every test file belongs to exactly one suite', async (t) => {
  const patterns = [...Object.values(suites.quick), ...Object.values(suites.long)]
  const listed = patterns.flatMap(filesOf)
  const files = globSync('test/**/*.test.ts', { cwd: root }).filter(
    (file) => !file.startsWith('test/suites/'),
  )
  t.strictSame(listed.sort(), files.sort())
})

t.test('no file is longer than 200 lines', async (t) => {
  const lines = (file: string) => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length
  t.strictSame(
    sources.filter((file) => lines(file) > 200),
    [],
  )
})
