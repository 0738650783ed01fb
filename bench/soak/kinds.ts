import { VISITOR_EMAIL } from './visitors.ts'

/** Data for requests. */
export interface World {
  /** A token of the user with this number that was sent before. */
  knownToken(user: number): string
  /** A token that was never sent; undefined while new ones are signed. */
  newToken(): string | undefined
  /** A token whose key the issuer has withdrawn, if any. */
  withdrawnToken(): string | undefined
  /** A token with an invented `kid`. */
  inventedToken(): string
  /** A session cookie of a logged-in user; undefined during the login. */
  cookie(): string | undefined
  /** An acknowledged to-do, if any. */
  todo(): Todo | undefined
  users: number
}

/** Records results of responses, besides whether they are expected. */
export interface Notes {
  acknowledge(todo: Todo): void
  /** A token of a withdrawn key was accepted. */
  acceptWithdrawn(): void
}

export interface Todo {
  id: number
  title: string
  user: number
}

export interface Planned {
  method?: 'POST'
  path: string
  token?: string
  cookie?: string
  body?: { title: string }
  /** Whether the response is the expected one. */
  isGood(status: number, body: string, notes: Notes): boolean
}

/** A kind of request and its share of the load. `plan` returns undefined when no such request can be made now. */
export interface Kind {
  share: number
  /** Fails while the database is down. */
  needsDatabase?: true
  /** The request may be rejected, and may wait. */
  isInvalid?: true
  plan(world: World): Planned | undefined
}

const isOk = (status: number) => status === 200

/** All requests of the callers. */
export const kinds: Record<string, Kind> = {
  'known token': {
    share: 40,
    plan: (world) => ({ path: '/api/private', token: world.knownToken(anyOf(world.users)), isGood: isOk }),
  },
  'new token': {
    share: 20,
    plan: (world) => {
      const token = world.newToken()
      return token === undefined ? undefined : { path: '/api/private', token, isGood: isOk }
    },
  },
  'list of to-dos': {
    share: 15,
    needsDatabase: true,
    plan: (world) => ({ path: '/todo', token: world.knownToken(anyOf(world.users)), isGood: isOk }),
  },
  'one to-do': {
    share: 10,
    needsDatabase: true,
    plan: (world) => {
      const todo = world.todo()
      return (
        todo && {
          path: `/todo/${todo.id}`,
          token: world.knownToken(todo.user),
          isGood: (status, body) => status === 200 && JSON.parse(body).title === todo.title,
        }
      )
    },
  },
  'new to-do': {
    share: 15,
    needsDatabase: true,
    plan: (world) => {
      const user = anyOf(world.users)
      const title = crypto.randomUUID()
      const isGood: Planned['isGood'] = (status, body, notes) => {
        if (status === 201) notes.acknowledge({ id: JSON.parse(body).id, title, user })
        return status === 201
      }
      return { method: 'POST', path: '/todo', token: world.knownToken(user), body: { title }, isGood }
    },
  },
  'home page': {
    share: 5,
    plan: () => ({ path: '/', isGood: (status, body) => status === 200 && body.includes('Log In') }),
  },
  'profile page': {
    share: 5,
    needsDatabase: true,
    plan: (world) => page(world, '/profile', VISITOR_EMAIL),
  },
  'page with an API message': {
    share: 5,
    needsDatabase: true,
    plan: (world) => page(world, '/protected', 'This is a protected message.'),
  },
}

/** Not valid; sent only while the issuer fails, to make the service download keys as often as it does. */
export const invented: Kind = {
  share: 1,
  isInvalid: true,
  plan: (world) => ({
    path: '/api/private',
    token: world.inventedToken(),
    isGood: (status) => status === 401 || status === 503,
  }),
}

/** Not valid; sent only after a key was withdrawn. */
export const withdrawn: Kind = {
  share: 10,
  isInvalid: true,
  plan: (world) => {
    const token = world.withdrawnToken()
    const isGood: Planned['isGood'] = (status, _body, notes) => {
      if (status === 200) notes.acceptWithdrawn()
      return status === 200 || status === 401
    }
    return token === undefined ? undefined : { path: '/api/private', token, isGood }
  },
}

function page(world: World, path: string, content: string): Planned | undefined {
  const cookie = world.cookie()
  const isGood: Planned['isGood'] = (status, body) => status === 200 && body.includes(content)
  return cookie === undefined ? undefined : { path, cookie, isGood }
}

function anyOf(count: number): number {
  return Math.floor(Math.random() * count)
}
