import { AliasNode, type CompiledQuery, type Logger, type OperationNode, TableNode } from 'kysely'
import { ServiceError } from '../../errors/catalogue.ts'
import { storeErrors } from './errors.ts'

/** A statement that has ended. Table and operation are those written in this folder, so there are few of them. */
export interface Statement {
  /** `none` for statements of another kind, such as `begin`. */
  readonly table: string
  readonly operation: 'select' | 'insert' | 'update' | 'delete' | 'other'
  readonly seconds: number
  /** `rejected` by the database, such as a row that refers to none. */
  readonly failure?: 'unavailable' | 'rejected'
}

export type StatementListener = (statement: Statement) => void

/** Kysely's log sees every statement on both databases, and costs nothing where there is none. */
export function statementLogger(listener: StatementListener): Logger {
  return (event) => {
    const statement = { ...describe(event.query), seconds: event.queryDurationMillis / 1000 }
    listener(event.level === 'error' ? { ...statement, failure: failureOf(event.error) } : statement)
  }
}

function describe({ query }: CompiledQuery): Pick<Statement, 'table' | 'operation'> {
  if (query.kind === 'SelectQueryNode') return { operation: 'select', table: nameOf(query.from?.froms[0]) }
  if (query.kind === 'InsertQueryNode') return { operation: 'insert', table: nameOf(query.into) }
  if (query.kind === 'UpdateQueryNode') return { operation: 'update', table: nameOf(query.table) }
  if (query.kind === 'DeleteQueryNode') return { operation: 'delete', table: nameOf(query.from.froms[0]) }
  return { operation: 'other', table: 'none' }
}

function nameOf(node: OperationNode | undefined): string {
  if (node && AliasNode.is(node)) return nameOf(node.node)
  return node && TableNode.is(node) ? node.table.identifier.name : 'none'
}

function failureOf(error: unknown) {
  return error instanceof ServiceError && error.code === storeErrors.unavailable.code
    ? 'unavailable'
    : 'rejected'
}
