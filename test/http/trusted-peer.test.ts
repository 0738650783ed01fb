import t from 'tap'
import { trustedPeer } from '../../src/http/trusted-peer.ts'

t.test('a peer is trusted by its address, or because a number of hops is', async (t) => {
  const trusted = (proxies: number | string) =>
    ['127.0.0.1', '::ffff:10.1.2.3', '192.0.2.1'].map(trustedPeer(proxies))
  t.strictSame(trusted(0), [false, false, false])
  t.strictSame(trusted(1), [true, true, true])
  t.strictSame(trusted('loopback, 10.0.0.0/8'), [true, true, false])
})
