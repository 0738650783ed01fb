import t from 'tap'
import { decodeToken } from '../../../src/plugins/auth/decode.ts'
import { encode } from '../../helpers/raw-token.ts'

/** The checks before a decoder sees the token. */
const checkEncoding = (token: string) => decodeToken(token, () => ({ header: {}, payload: {} }))

const good = `${encode({ alg: 'RS256' })}.${encode({ sub: 'Zoë' })}.AAAA`

/** What the log is told. */
const refused = (detail: string) => ({
  name: 'TokenError',
  code: 'invalid_token',
  message: 'Unable to parse authentication',
  detail,
})

t.test('three segments of base64url of any length are accepted', async (t) => {
  t.doesNotThrow(() => checkEncoding(good))
  for (const text of ['', '1', '12', '123', '1234'])
    t.doesNotThrow(() => checkEncoding(`${encode(text)}.${encode(text)}.${encode(text)}`), text)
  t.doesNotThrow(
    () => checkEncoding(`AAAA.AAAA.${Buffer.from([0xff]).toString('base64url')}`),
    'any signature',
  )
})

t.test('more or fewer than three segments are rejected', async (t) => {
  for (const token of ['', 'AAAA', 'AAAA.AAAA', `${good}.AAAA`, `${good}.`, `.${good}`])
    t.throws(() => checkEncoding(token), refused('not three segments'), token)
})

t.test('non-canonical base64url is rejected in every segment', async (t) => {
  for (const segment of ['A', 'AAAAA', 'AB', 'AAB', 'AAAAAB']) {
    for (const token of [`${segment}.AAAA.AAAA`, `AAAA.${segment}.AAAA`, `AAAA.AAAA.${segment}`])
      t.throws(() => checkEncoding(token), refused('not base64url'), token)
  }
  for (const segment of ['AA', 'AAA', 'AAAA', 'AAAAAA'])
    t.doesNotThrow(() => checkEncoding(`AA.AA.${segment}`))
})

t.test('bytes that are not UTF-8 are rejected in header and payload', async (t) => {
  for (const bytes of [[0xff], [0xe9], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x94]]) {
    const segment = encode(Buffer.from(['"'.charCodeAt(0), ...bytes, '"'.charCodeAt(0)]))
    t.throws(() => checkEncoding(`${segment}.AAAA.AAAA`), refused('not UTF-8'))
    t.throws(() => checkEncoding(`AAAA.${segment}.AAAA`), refused('not UTF-8'))
  }
})
