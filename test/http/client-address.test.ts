import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { clientAddress } from '../../src/http/client-address.ts'

const address = (ip: string, remoteAddress?: string) =>
  clientAddress({ ip, socket: { remoteAddress } } as unknown as FastifyRequest)

t.test(
  'the address of a client has no port, and is the address of the connection if there is none',
  async (t) => {
    const cases = [
      '203.0.113.6',
      '203.0.113.6:1000',
      '2001:db8::1',
      '[2001:db8::1]:1000',
      '203.0.113.6:_port',
    ]
    t.strictSame(
      cases.map((ip) => address(ip, '127.0.0.1')),
      ['203.0.113.6', '203.0.113.6', '2001:db8::1', '2001:db8::1', '203.0.113.6'],
    )
    const invalid = ['', 'unknown', '_hidden', '1.2.3', 'evil.example:1000']
    t.strictSame(new Set(invalid.map((ip) => address(ip, '127.0.0.1'))), new Set(['127.0.0.1']))
    t.equal(address('unknown'), 'unknown', 'after the connection was closed')
  },
)
