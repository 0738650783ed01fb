import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import postgres from 'postgres'

/**
 * The database drivers alone. `GET /read` and `GET /write` run the statement of `GET /todo` and of `POST /todo` for
 * SECONDS, CONNECTIONS at once if the driver supports it, and return the cost.
 */
const { DATABASE_URL = '', PORT, SECONDS, CONNECTIONS, READERS, TITLE = '', DATE = '' } = process.env
const readers = Number(READERS)
const { read, write } = DATABASE_URL.startsWith('file:')
  ? nodeSqlite(DATABASE_URL.slice('file:'.length))
  : postgresJs(DATABASE_URL)

createServer(async (request, response) => {
  const statement = { '/read': read, '/write': write }[request.url ?? '']
  response.end(JSON.stringify(statement ? await repeat(statement) : {}))
}).listen(Number(PORT), '127.0.0.1')

async function repeat(statement: (n: number) => unknown) {
  let count = 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  const line = async () => {
    while (performance.now() < began + Number(SECONDS) * 1000) {
      const result = statement(count++)
      if (result instanceof Promise) await result
    }
  }
  await Promise.all(Array.from({ length: Number(CONNECTIONS) }, line))
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMicroseconds: (user + system) / count, perSecond: count / seconds }
}

function nodeSqlite(path: string) {
  const database = new DatabaseSync(path, { timeout: 2_000, enableForeignKeyConstraints: true })
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  const select = database.prepare('select * from todos where user_id = ? and id > ? order by id limit ? + 0')
  const insert = database.prepare('insert into todos (title, date, user_id) values (?, ?, ?) returning *')
  return {
    read: (n: number) => select.all(readerOf(n), 0, 51),
    write: (n: number) => insert.get(TITLE, DATE, writerOf(n)),
  }
}

function postgresJs(url: string) {
  const sql = postgres(url, {
    max: 10,
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  })
  return {
    read: (n: number) =>
      sql`select * from todos where user_id = ${readerOf(n)} and id > ${0} order by id limit ${51} + 0`,
    write: (n: number) =>
      sql`insert into todos (title, date, user_id) values (${TITLE}, ${DATE}, ${writerOf(n)}) returning *`,
  }
}

/** Users in turn, like the tokens of the load: the first `readers` users read, the next ones write. */
function readerOf(n: number): number {
  return (n % readers) + 1
}

function writerOf(n: number): number {
  return readerOf(n) + readers
}
