import { fileVariable } from './secret-files.ts'

/** The process as Node.js started it. */
export interface ProcessState {
  /** The environment with the variables of `.env`. */
  readonly environment: NodeJS.ProcessEnv
  /** Variables that come from `.env`. */
  readonly fromDotEnv: ReadonlySet<string>
  /** Options of Node.js on the command line. */
  readonly execArgv: readonly string[]
}

/** Finds settings that have no effect: misspelled variables, and variables that Node.js does not see. */
export function findWarnings(state: ProcessState, names: readonly string[], secretNames: readonly string[]) {
  const known = [...names, ...secretNames.map(fileVariable)]
  return [...misspelled(state.environment, known), ...unseenByNode(state), ...unusedProxy(state)]
}

function misspelled(environment: NodeJS.ProcessEnv, known: readonly string[]): string[] {
  return Object.keys(environment)
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const similar = known.find((other) => isSimilar(name.toUpperCase(), other))
      return similar ? `${name} is unknown and has no effect: did you mean ${similar}?` : []
    })
}

/** Short names such as HOST and PORT are close to many others. */
function isSimilar(name: string, known: string): boolean {
  return distance(name, known) <= (known.length < 8 ? 1 : 2)
}

/** Levenshtein distance: the number of letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] as number) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

/** Node.js reads its own variables before this program reads `.env`. */
function unseenByNode({ fromDotEnv }: ProcessState): string[] {
  return [...fromDotEnv]
    .filter((name) => /^(NODE_(?!ENV$)|HTTPS?_PROXY$|NO_PROXY$)/i.test(name))
    .map((name) => `${name} has no effect in .env: Node.js reads it from the environment`)
}

function unusedProxy({ environment, execArgv }: ProcessState): string[] {
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
  const name = proxies.find((name) => environment[name])
  const options = [...execArgv, ...(environment.NODE_OPTIONS ?? '').split(' ')]
  const isUsed = environment.NODE_USE_ENV_PROXY === '1' || options.includes('--use-env-proxy')
  if (name === undefined || isUsed) return []
  return [`${name} has no effect on requests to issuers without NODE_USE_ENV_PROXY=1`]
}
