import t from 'tap'
import { decodeToken } from '../../../src/plugins/auth/decode.ts'
import { encode } from '../../helpers/raw-token.ts'

/** Runs the checks that precede the decoder. */
const checkEncoding = (token: string) => decodeToken(token, () => ({ header: {}, payload: {} }))

const good = `${encode({ alg: 'RS256' })}.${encode({ sub: 'Zoë' })}.AAAA`

/** Error with its detail for the log. */
const rejected = (detail: string) => ({
  name: 'TokenError',
  code: 'invalid_token',
  message: 'Unable to parse authentication',
  detail,
})

t.test('three segments of base64url of any length are accepted', async (t) => {
  t.doesNotThrow(() => checkEncoding(good))
  for (const text of ['', '1', '12', '123', '1234'].map(encode))
    t.doesNotThrow(() => checkEncoding(`${text}.${text}.${text}`), text)
  t.doesNotThrow(
    () => checkEncoding(`AAAA.AAAA.${Buffer.from([0xff]).toString('base64url')}`),
    'any signature',
  )
})

t.test('more or fewer than three segments are rejected', async (t) => {
  for (const token of ['', 'AAAA', 'AAAA.AAAA', `${good}.AAAA`, `${good}.`, `.${good}`])
    t.throws(() => checkEncoding(token), rejected('not three segments'), token)
})

t.test('non-canonical base64url is rejected in every segment', async (t) => {
  for (const segment of ['A', 'AAAAA', 'AB', 'AAB', 'AAAAAB']) {
    for (const token of [`${segment}.AAAA.AAAA`, `AAAA.${segment}.AAAA`, `AAAA.AAAA.${segment}`])
      t.throws(() => checkEncoding(token), rejected('not base64url'), token)
  }
  for (const segment of ['AA', 'AAA', 'AAAA', 'AAAAAA'])
    t.doesNotThrow(() => checkEncoding(`AA.AA.${segment}`))
})

t.test('bytes that are not UTF-8 are rejected in header and payload', async (t) => {
  for (const bytes of [[0xff], [0xe9], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x94]]) {
    const segment = encode(Buffer.from(['"'.charCodeAt(0), ...bytes, '"'.charCodeAt(0)]))
    t.throws(() => checkEncoding(`${segment}.AAAA.AAAA`), rejected('not UTF-8'))
    t.throws(() => checkEncoding(`AAAA.${segment}.AAAA`), rejected('not UTF-8'))
  }
})
