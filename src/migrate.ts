import { fail, readConfig } from './config/command.ts'
import { openForMigration } from './plugins/store/database.ts'
import { migrateToLatest } from './plugins/store/migrate.ts'

/** `npm run migrate`: brings the database at DATABASE_URL up to date. Safe to run concurrently. */
const withoutIssuers = { AUTH0_DOMAIN: 'not.needed', AUTH0_AUDIENCE: 'not-needed', ISSUERS_FILE: undefined }
const { config, warnings } = readConfig(withoutIssuers)
for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`)

try {
  const store = await openForMigration(config.DATABASE_URL)
  const names = await migrateToLatest(store)
  await store.destroy()
  process.stdout.write(names.length > 0 ? `Migrated: ${names.join(', ')}\n` : 'Nothing to migrate\n')
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException
  fail(['Not migrated', code, message].filter(Boolean).join(': ')) // some errors have only one of them
}
