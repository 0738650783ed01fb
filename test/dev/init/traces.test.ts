import t from 'tap'
import { type Example, exampleNames } from '../../../dev/init/parts.ts'
import { type Clone, cloneProject } from '../helpers/clone.ts'

interface Traces {
  readonly words: RegExp
  /** Lines in which the words mean something else. The name of the file precedes the line. */
  readonly others: readonly RegExp[]
}

const traces: Record<Example, Traces> = {
  todos: { words: /to-?do/i, others: [] },
  'web-app': {
    words:
      /web app(?!l)|(src|test)\/web\b|SESSION_SECRET|requiresLogin|(?<!pos)session|cookie|log-?out|(?<![\w/.}])\/(login|signup|callback|profile|sessions|backchannel-logout)\b/i,
    others: [
      /revo[ck]/i, // tokens can be revoked by session
      /\bsid\b|at the issuer|end_session_endpoint/, // sessions at the issuer
      /logout\+jwt|logout token|offline/i, // types of tokens that are rejected
      /headers|token=|cookies are (ignored|not allowed)/i, // ignored, and not in the log
      /session parameter/, // PostgreSQL
      /mcp/i,
    ],
  },
}

/** The files of the initialization, and those about the local tenant and other clients, which have logins of their own. */
const elsewhere =
  /^(dev\/(init|tenant)|test\/(dev|sdk)\/|docs\/(auth0|clients|tenant)\.md|docs\/issuers\/|package-lock\.json)/

for (const name of exampleNames)
  t.test(`init --without ${name} leaves no word of it`, async (t) => {
    const { clone } = cloneProject(t)
    const { status, stderr } = clone.run('dev/init.ts', '--name', 'tea-orders', '--without', name)
    t.equal(status, 0, stderr)
    clone.git('add', '--all')
    t.strictSame(find(clone, traces[name]), [])
  })

function find(clone: Clone, { words, others }: Traces): string[] {
  const files = clone.git('ls-files').split('\n')
  const lines = files
    .filter((file) => !elsewhere.test(file))
    .flatMap((file) =>
      clone
        .read(file)
        .split('\n')
        .filter((line) => words.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    )
  return lines.filter((line) => !others.some((other) => other.test(line)))
}
