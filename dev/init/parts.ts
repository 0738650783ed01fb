/** A removable part of the project. The rest of it stands between markers: dev/init/markers.ts. */
export interface Part {
  /** Glob patterns of its files and folders. */
  readonly paths: readonly string[]
  /** Its packages. Those that remaining files import become development dependencies. */
  readonly packages: readonly string[]
  /** Its npm scripts. */
  readonly scripts: readonly string[]
  /** Finds its rows in tables of Markdown pages, and its panels on the dashboard. */
  readonly rows: RegExp
}

interface ExamplePart extends Part {
  /** Its file that a service with the example has. Others can be added by a service without it. */
  readonly sign: string
}

/** The examples. A service may have them or not. */
export const examples = {
  todos: {
    sign: 'src/routes/todo.ts',
    paths: [
      'src/routes/todo.ts',
      'src/routes/api/user-todos.ts',
      'src/web/pages/todos',
      'src/web/forms.ts', // only to-dos have forms with several fields
      'test/web/forms.test.ts',
      'src/plugins/store/migrations/0002-todos.ts',
      'src/plugins/store/tables/todos.ts',
      'test/routes/todo.test.ts',
      'test/web/{pages,browser}/todos.test.ts',
      'test/plugins/store/tables/todos.test.ts',
      'examples/mcp', // its tools are for to-dos
      'test/sdk/mcp.test.ts',
    ],
    packages: ['@modelcontextprotocol/client', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server'],
    scripts: [],
    rows: /\bto-?dos?\b|TODOS_|limit_reached|@modelcontextprotocol/i,
  },
  'web-app': {
    sign: 'src/web/login/index.ts',
    paths: [
      'src/web',
      'src/config/{login-values,private-key,web-app}.ts',
      'src/plugins/metrics/web-app.ts',
      'src/plugins/store/migrations/{0003-sessions,0008-session-use}.ts',
      'src/plugins/store/tables/{delete-expired,logout,replay-guard,sessions,user-sessions}.ts',
      'src/routes/api/user-sessions.ts',
      'dev/pictures.ts',
      'docs/pictures',
      'docs/web-app.md',
      'docs/decisions/0005-sessions-of-our-own.md',
      'test/web',
      'test/suites/{quick/web,long/browser}.test.ts',
      'test/config/{private-key,web-app}.test.ts',
      'test/fixtures/step-up',
      'test/conformance/rfc9207.test.ts',
      'test/helpers/{other-api,pages,visitor,web-app,web-browser,web-issuer}.ts',
      'test/issuers/login.test.ts',
      'test/plugins/revocation/replicas.test.ts', // logs in, and out at the issuer
      'test/plugins/store/tables/{delete-expired,logout,replay-guard,sessions}.test.ts',
    ],
    packages: ['@fastify/cookie', '@fastify/static', '@fastify/view', 'axe-core', 'eta', 'openid-client'],
    scripts: ['pictures'],
    rows: /web app|src\/web|`(sessions|replay_guard)`|^\| (end of )?sessions\b|replay guard|lease of a token refresh|logout (notice|token)|SESSION_SECRET|AUTH0_CLIENT_|LOGIN_|API_SERVER_URL|ADMIN_MAX|_(logins|sessions)_|login_failed|email_not_verified|cross_site_request|invalid_logout_token|requiresLogin|RFC 9207|npm run pictures/,
  },
} satisfies Record<string, ExamplePart>

/** Content about the project itself, which no service built on it has. */
export const upstream: Part = {
  paths: [
    'bench',
    'test/dev/init/variants.ts',
    'test/dev/init/traces.test.ts', // a service may use the words
    'docs/benchmarks*',
    'docs/resilience-memory.svg',
    'docs/pictures',
  ],
  packages: [],
  scripts: ['test:init', 'bench', 'abuse', 'soak', 'scale'],
  rows: /npm run (bench|abuse|soak|scale)`|benchmarks/,
}

export type Example = keyof typeof examples

export const exampleNames = Object.keys(examples) as Example[]
