import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

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

const isOurs = (target: string) => /^(src|test)\/.*\.ts$/.test(target)

/** The room of a file: `plugins/auth`, `web`, `errors`, a program such as `server`, or `outside` of src. */
function roomOf(file: string): string {
  const [, plugin] = /^src\/(plugins\/[\w-]+)/.exec(file) ?? []
  const [, room] = /^src\/([\w-]+)/.exec(file) ?? []
  return plugin ?? room ?? 'outside'
}

/** The import rule of docs/architecture.md: a room imports itself and the rooms named here. */
const mayImport: Record<string, string[]> = {
  server: ['app', 'config', 'server-options'],
  migrate: ['config', 'plugins/store'],
  app: ['config', 'errors', 'plugins/auth', 'plugins/guards', 'web'],
  'server-options': ['config', 'errors'],
  config: ['http'],
  errors: ['http'],
  http: [],
  schemas: ['errors'],
  plugins: ['config', 'errors', 'http', 'schemas', 'plugins'],
  routes: ['config', 'errors', 'schemas', 'plugins'],
  web: ['config', 'errors', 'http', 'schemas', 'plugins'],
}

function isAllowed(from: string, to: string): boolean {
  const [kind = ''] = from.split('/')
  return from === to || (mayImport[kind] ?? []).some((room) => room === to || to.startsWith(`${room}/`))
}

t.test('imports follow the rule of the rooms', async (t) => {
  for (const file of sources) {
    for (const { target } of importsOf(file)) {
      if (!isOurs(target) && !target.startsWith('.')) continue
      t.ok(isAllowed(roomOf(file), roomOf(target)), `${file} imports ${target}`)
    }
  }
})

t.test('no files import each other in a circle, not even for their types', async (t) => {
  const next = (file: string) =>
    importsOf(file)
      .map(({ target }) => target)
      .filter(isOurs)
  walk(sources, next, (file, way) => t.notOk(way.includes(file), [...way, file].join(' -> ')))
})

t.test('a package is known to its own room only', async (t) => {
  const places: [packages: RegExp, rooms: RegExp][] = [
    [/^fast-jwt$/, /^plugins\/auth$/],
    [/^ioredis$/, /^plugins\/rate-limit$/],
    [/^openid-client$/, /^web$/],
    [/^(@opentelemetry\/.+|@fastify\/otel)$/, /^plugins\/tracing$/],
    [/^prom-client$/, /^plugins\/metrics$/],
    [/^(kysely|kysely\/.+|kysely-postgres-js|postgres|node:sqlite)$/, /^plugins\/store$/],
  ]
  for (const file of sources) {
    for (const { target } of importsOf(file)) {
      const [, rooms] = places.find(([packages]) => packages.test(target)) ?? []
      if (rooms) t.match(roomOf(file), rooms, `${file} imports ${target}`)
    }
  }
})

t.test('optional modules are loaded by import() only when they are enabled', async (t) => {
  for (const file of sources) {
    for (const { target, isTypeOnly, isDynamic } of importsOf(file)) {
      const room = roomOf(target)
      const isDoor = (name: string) => name === `src/${room}/index.ts`
      const isOptional =
        (/^plugins\/(metrics|tracing|rate-limit)$/.test(room) && isDoor(file)) ||
        (room === 'web' && roomOf(file) !== 'web')
      if (isOptional) t.ok(isTypeOnly || isDynamic, `${file} imports ${target}`)
    }
  }
})

t.test('only the programs and the choice of the log format touch the process', async (t) => {
  const touching = sources.filter((file) => /\bprocess\.|node:process/.test(codeOf(file)))
  t.strictSame(touching.sort(), ['src/config/command.ts', 'src/migrate.ts', 'src/server-options.ts'])
  t.strictSame(codeOf('src/server-options.ts').match(/process\.[\w.]+/g), ['process.stdout.isTTY'])
})

t.test('who verifies tokens or keeps sessions has no clock of their own', async (t) => {
  for (const file of sources.filter(
    (file) => /^src\/(plugins\/auth|web\/login)\/(?!index)/.test(file) && !file.endsWith('/expiry.ts'),
  )) {
    t.notMatch(codeOf(file), /Date\.now|new Date\(\)|performance\.now|process\.hrtime/, file)
  }
})

t.test('every file is loaded by a test', async (t) => {
  const loaded: Record<string, string[]> = {
    'src/app.ts': sources.filter((file) => /^src\/(plugins\/([\w-]+|[\w-]+\/index)\.ts|routes\/)/.test(file)), // by @fastify/autoload
    'src/web/index.ts': sources.filter((file) => file.startsWith('src/web/pages/')),
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

t.test('no file is longer than 200 lines', async (t) => {
  for (const file of sources) {
    const lines = readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length
    t.ok(lines <= 200, `${file} has ${lines}`)
  }
})
