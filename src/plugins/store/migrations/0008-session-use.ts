import type { Migration } from 'kysely/migration'

export default {
  up: (db) => db.schema.alterTable('sessions').addColumn('last_used_at', 'text').execute(),
} satisfies Migration
