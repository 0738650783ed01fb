import { VISITOR_EMAIL } from './visitors.ts'

/** What a request can be made of. */
export interface World {
  /** A token that was sent before, and that of a person; by a number that says whose. */
  knownToken(user: number): string
  /** None while they are being signed. */
  newToken(): string | undefined
  /** One whose key the issuer has withdrawn, if any. */
  withdrawnToken(): string | undefined
  /** One that names a key that no issuer has. */
  inventedToken(): string
  /** The session of somebody who has signed in to the web app; none while they are signing in. */
  cookie(): string | undefined
  /** An acknowledged to-do, if any. */
  todo(): Todo | undefined
  users: number
}

/** What is noted of answers, beside whether they are good. */
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
  /** Whether the answer is what it should be. */
  isGood(status: number, body: string, notes: Notes): boolean
}

/** A kind of request: how often it comes, and how one is made. Returns nothing when there is none to make now. */
export interface Kind {
  share: number
  /** Cannot be answered while the database is away. */
  needsDatabase?: true
  /** Who sends it may be refused, and may wait. */
  isInvalid?: true
  plan(world: World): Planned | undefined
}

const isOk = (status: number) => status === 200

/** Everything that callers do. A kind more is an entry more. */
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

/** Only while the issuer is in trouble: each has the service ask for keys, as far as it does. No valid requests. */
export const invented: Kind = {
  share: 1,
  isInvalid: true,
  plan: (world) => ({
    path: '/api/private',
    token: world.inventedToken(),
    isGood: (status) => status === 401 || status === 503,
  }),
}

/** Only once a key has been withdrawn: its tokens are no valid requests any more. */
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
