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

/** What stands where: a folder of src, a program or `app`, and `leaf` for the other files directly under src. */
function layerOf(file: string): string {
  const [, folder, name] = /^src\/(?:(\w+)\/|(server|migrate|app)\.ts$)?/.exec(file) ?? []
  return folder ?? name ?? (file.startsWith('src/') ? 'leaf' : 'outside')
}

/** The import rule of docs/architecture.md. Plugins and routes are loaded by app.ts and meet through decorators. */
const mayImport: Record<string, string[]> = {
  server: ['app', 'leaf'],
  migrate: ['store', 'leaf'],
  app: ['tracing', 'leaf'],
  plugins: ['auth', 'login', 'store', 'metrics', 'limits', 'leaf'],
  routes: ['auth', 'login', 'store', 'leaf'],
  pages: ['login', 'store', 'leaf'],
  auth: ['auth', 'leaf'],
  login: ['login', 'leaf'],
  store: ['store', 'leaf'],
  metrics: ['metrics', 'leaf'],
  tracing: ['tracing', 'leaf'],
  limits: ['limits', 'auth', 'leaf'],
  leaf: ['leaf'],
}

t.test('imports point the way of the layers', async (t) => {
  for (const file of sources) {
    for (const { target } of importsOf(file)) {
      if (!isOurs(target) && !target.startsWith('.')) continue
      t.ok(mayImport[layerOf(file)]?.includes(layerOf(target)), `${file} imports ${target}`)
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

t.test('a package is known to its own layer only', async (t) => {
  const places: [packages: RegExp, layers: string[]][] = [
    [
      /^(fastify|fastify-plugin|@fastify\/.+)$/,
      ['server', 'app', 'plugins', 'routes', 'pages', 'tracing', 'limits', 'leaf'],
    ],
    [/^fast-jwt$/, ['auth']],
    [/^lru-cache$/, ['auth', 'store', 'limits']],
    [/^ioredis$/, ['limits']],
    [/^openid-client$/, ['login']],
    [/^(@opentelemetry\/.+|@fastify\/otel)$/, ['tracing']],
    [/^prom-client$/, ['metrics']],
    [/^(kysely|kysely\/.+|kysely-postgres-js|postgres|node:sqlite)$/, ['store']],
  ]
  for (const file of sources) {
    for (const { target } of importsOf(file)) {
      const [, layers] = places.find(([packages]) => packages.test(target)) ?? []
      if (layers) t.ok(layers.includes(layerOf(file)), `${file} imports ${target}`)
    }
  }
})

t.test('what may be off is loaded when it is on: from outside its folder by import()', async (t) => {
  for (const file of sources) {
    for (const { target, isTypeOnly, isDynamic } of importsOf(file)) {
      const layer = layerOf(target)
      const isOptional = ['metrics', 'tracing', 'limits'].includes(layer) && layer !== layerOf(file)
      if (isOptional) t.ok(isTypeOnly || isDynamic, `${file} imports ${target}`)
    }
  }
})

t.test('the process is touched by the programs; logging.ts asks whether a person is reading', async (t) => {
  const touching = sources.filter((file) => /\bprocess\.|node:process/.test(codeOf(file)))
  t.strictSame(touching.sort(), ['src/command.ts', 'src/logging.ts', 'src/migrate.ts'])
  t.strictSame(codeOf('src/logging.ts').match(/process\.[\w.]+/g), ['process.stdout.isTTY'])
})

t.test('who verifies tokens or keeps sessions has no clock of their own', async (t) => {
  for (const file of sources.filter((file) => ['auth', 'login'].includes(layerOf(file)))) {
    t.notMatch(codeOf(file), /Date\.now|new Date\(\)|performance\.now|process\.hrtime/, file)
  }
})

t.test('every file is loaded by a test', async (t) => {
  const loaded: Record<string, string[]> = {
    'src/app.ts': sources.filter((file) => ['plugins', 'routes', 'pages'].includes(layerOf(file))), // by @fastify/autoload
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

t.test('no file is longer than 300 lines', async (t) => {
  for (const file of sources) {
    const lines = readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length
    t.ok(lines <= 300, `${file} has ${lines}`)
  }
})
