import { Counter, type Registry } from 'prom-client'
import { addEventCounter, PREFIX } from './registry.ts'

const loginResults = ['succeeded', 'failed', 'unavailable'] as const
const endReasons = ['logout', 'replaced', 'refresh_rejected', 'issuer', 'user', 'admin'] as const

/** A login is unavailable if the issuer or the database was. */
export type LoginResult = (typeof loginResults)[number]
/** Reason for the end of a session; expired sessions end without an event. */
export type EndReason = (typeof endReasons)[number]

/** Events that the web app counts. */
export interface WebAppEvents {
  loginEnded(result: LoginResult): void
  sessionBegun(): void
  sessionEnded(reason: EndReason, count?: number): void
}

export function addWebAppMetrics(registry: Registry): WebAppEvents {
  const logins = addEventCounter(
    registry,
    `${PREFIX}logins_total`,
    'Logins to the web app by result',
    'result',
    loginResults,
  )
  const begun = new Counter({
    name: `${PREFIX}sessions_begun_total`,
    help: 'Sessions begun',
    registers: [registry],
  })
  const ended = addEventCounter(
    registry,
    `${PREFIX}sessions_ended_total`,
    'Sessions ended by reason',
    'reason',
    endReasons,
  )
  return {
    loginEnded: (result) => logins.inc({ result }),
    sessionBegun: () => begun.inc(),
    sessionEnded: (reason, count = 1) => ended.inc({ reason }, count),
  }
}
