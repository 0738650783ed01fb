import t from 'tap'
import { httpErrors, ServiceError } from '../../src/errors/catalogue.ts'
import { toFaults } from '../../src/web/forms.ts'

t.test('only errors that the user can correct become messages', async (t) => {
  const messages = { title: 'Enter a title.' }
  const error = (field: string) =>
    new ServiceError(httpErrors.validationFailed, { validation: [{ field, message: 'm' }] })
  t.strictSame(toFaults(error('title'), messages), { statusCode: 400, faults: { title: 'Enter a title.' } })
  for (const other of [new TypeError('a mistake'), error('other'), new ServiceError(httpErrors.notFound)])
    t.throws(() => toFaults(other, messages), other)
})
