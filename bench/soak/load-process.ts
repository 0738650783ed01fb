import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  invented,
  type Kind,
  kinds,
  type Notes,
  type Planned,
  type Todo,
  type World,
  withdrawn,
} from './kinds.ts'
import type { Command, Reply } from './load.ts'
import { Phase } from './phase.ts'
import { Tokens } from './tokens.ts'
import { Visitors } from './visitors.ts'

/**
 * The process of the callers. Arguments: URL of the service, issuer, requests per second. Requests are sent on schedule,
 * whether or not earlier ones got a response, and latency counts from the scheduled time.
 */
const [, , url = '', issuer = '', rate = '0'] = process.argv
const TICK_MS = 5
const TIMEOUT_MS = 20_000

const agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: TIMEOUT_MS })
const tokens = new Tokens(issuer)
const visitors = new Visitors(url)
const acknowledged: Todo[] = []
const mix: Record<string, Kind> = { ...kinds }
let phase = new Phase()
let isStarted = false

const world: World = {
  users: tokens.users,
  knownToken: (user) => tokens.known(user),
  newToken: () => tokens.new(),
  withdrawnToken: () => tokens.withdrawn(),
  inventedToken: () => tokens.invented(),
  cookie: () => visitors.cookie(),
  todo: () => acknowledged[Math.floor(Math.random() * acknowledged.length)],
}

const commands: { [Name in Command['name']]: (command: Extract<Command, { name: Name }>) => unknown } = {
  useKey: ({ key }) => Promise.all([tokens.useKey(key), visitors.logIn()]),
  withdrawKey: ({ kid }) => {
    tokens.withdraw(kid)
    mix['withdrawn key'] = withdrawn
    phase.withdrawnAt = performance.now()
  },
  inventKeys: ({ isOn }) => {
    if (isOn) mix['invented key'] = invented
    else delete mix['invented key']
  },
  /** Requests in flight belong to the phase that ends, so it waits for them. */
  nextPhase: async () => {
    const ended = phase
    phase = new Phase()
    // Its unknown key would take the one download in 30 s from the next rotation, as invented keys do
    delete mix['withdrawn key']
    while (ended.underWay > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    acknowledged.push(...ended.acknowledged)
    return ended.result()
  },
}

process.on('message', async (command: Command) => {
  const run = commands[command.name] as (command: Command) => unknown
  process.send?.({ id: command.id, result: await run(command) } satisfies Reply)
  if (command.name === 'useKey' && !isStarted) start()
})
process.on('disconnect', () => process.exit())

function start() {
  isStarted = true
  const began = performance.now()
  let sent = 0
  setInterval(() => {
    for (; sent < ((performance.now() - began) / 1000) * Number(rate); sent++) {
      send(began + (sent / Number(rate)) * 1000)
    }
  }, TICK_MS)
}

function send(dueAt: number) {
  const [name, kind] = pick()
  const planned = kind.plan(world)
  if (!planned) return
  const own = phase
  own.underWay++
  const done = (outcome: string | undefined) => {
    own.underWay--
    own.record(name, kind.isInvalid ? undefined : performance.now() - dueAt, outcome)
  }
  call(planned, own).then(done, (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
}

/** Sends the request, and describes the fault of the response, if any. */
async function call(planned: Planned, notes: Notes): Promise<string | undefined> {
  const { method = 'GET', path, token, cookie, body, isGood } = planned
  const content = body && JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  const sent = request(url + path, {
    method,
    agent,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(cookie ? { cookie, accept: 'text/html' } : {}),
      ...(content
        ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }
        : {}),
    },
  })
  sent.setTimeout(TIMEOUT_MS, () =>
    sent.destroy(Object.assign(new Error('no response'), { code: 'timeout' })),
  )
  sent.on('response', resolve).on('error', reject).end(content)
  const response = await promise
  const answer = await text(response)
  const status = response.statusCode ?? 0
  if (isGood(status, answer, notes)) return undefined
  return status === 200 ? 'wrong 200' : String(status)
}

/** Picks a kind at random, weighted by its share. */
function pick(): [string, Kind] {
  const entries = Object.entries(mix)
  let left = Math.random() * entries.reduce((sum, [, { share }]) => sum + share, 0)
  for (const entry of entries) {
    left -= entry[1].share
    if (left < 0) return entry
  }
  throw new Error('no kind of request was picked')
}
