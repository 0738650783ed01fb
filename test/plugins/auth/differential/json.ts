import type { Part } from '../../../helpers/raw-token.ts'

/** Unexpected values of a member, as JSON text, because `JSON.stringify` cannot write all of them. */
export const unusualValues = [
  ...['null', 'true', 'false', '0', '-0', '1', '-1', '1.5', '1e-400', '1e308', '1e400', '-1e400'],
  ...['9007199254740993', '123456789012345678901234567890', '""', '" "', '"x"', '"0"', '"null"'],
  ...['"\\u0000"', '"\\ud800"', '"\\ufeff"', '[]', '{}', '[null]', '[[]]', '[1]', '["x",7]', '{"0":"x"}'],
  ...['{"length":1}', '{"toString":"x"}', '{"valueOf":1}', '{"__proto__":{}}', `"${'x'.repeat(3000)}"`],
]

type Document = (json: object) => Part

/** Changes of a JSON document, for header and payload. */
export const unusualDocuments: Record<string, Document> = {
  empty: () => '',
  'a space': () => ' ',
  'not JSON': () => 'x',
  'an empty object': () => '{}',
  'a list': (json) => [json],
  'a list of pairs': (json) => Object.entries(json),
  text: (json) => JSON.stringify(JSON.stringify(json)),
  null: () => 'null',
  true: () => 'true',
  'a number': () => '7',
  'NaN inside': (json) => withText(json, '"n":NaN'),
  'Infinity inside': (json) => withText(json, '"n":Infinity'),
  'a hexadecimal number inside': (json) => withText(json, '"n":0x10'),
  'a number with a leading zero inside': (json) => withText(json, '"n":010'),
  'a number too large inside': (json) => withText(json, '"n":1e400'),
  'a number of 5,000 digits inside': (json) => withText(json, `"n":${'9'.repeat(5000)}`),
  'a comment inside': (json) => withText(json, '/* */"n":1'),
  'a trailing comma': (json) => `${JSON.stringify(json).slice(0, -1)},}`,
  'single quotes': (json) => JSON.stringify(json).replaceAll('"', "'"),
  'names without quotes': (json) => JSON.stringify(json).replace(/"(\w+)":/g, '$1:'),
  'cut short': (json) => JSON.stringify(json).slice(0, -1),
  'a second document at the end': (json) => `${JSON.stringify(json)}{}`,
  'NUL at the end': (json) => `${JSON.stringify(json)}\u0000`,
  'NUL in front': (json) => `\u0000${JSON.stringify(json)}`,
  'a control character in text': (json) => withText(json, '"n":"\u0001"'),
  'white space around it': (json) => ` \t\r\n${JSON.stringify(json)}\n `,
  'non-JSON white space around it': (json) => `\u00a0${JSON.stringify(json)}\u2028`,
  'on several lines': (json) => JSON.stringify(json, null, 2),
  'a byte order mark in front': (json) => `\ufeff${JSON.stringify(json)}`,
  'in UTF-16': (json) => Buffer.from(JSON.stringify(json), 'utf16le'),
  'in UTF-16 with a byte order mark': (json) => Buffer.from(`\ufeff${JSON.stringify(json)}`, 'utf16le'),
  'a byte that is not UTF-8': (json) => withBytes(json, [0xff]),
  'Latin-1': (json) => withBytes(json, [0xe9]),
  'an overlong NUL': (json) => withBytes(json, [0xc0, 0x80]),
  'an overlong slash': (json) => withBytes(json, [0xe0, 0x80, 0xaf]),
  'half a surrogate pair in UTF-8': (json) => withBytes(json, [0xed, 0xa0, 0x80]),
  'a character cut short': (json) => withBytes(json, [0xf0, 0x9f, 0x94]),
  'a character beyond Unicode': (json) => withBytes(json, [0xf4, 0x90, 0x80, 0x80]),
  'unusual characters': (json) => withText(json, '"\u{1f511}\u202e\u200d":"\uffff"'),
  'half a surrogate pair as an escape': (json) => withText(json, '"n":"\\ud800"'),
  'names with escapes': (json) => JSON.stringify(json).replace(/"([a-z])(\w*)":/g, escapeFirst),
  'lists in lists, 4,000 deep': (json) => withText(json, `"n":${nested(4_000, '[', ']')}`),
  'lists in lists, 100,000 deep': (json) => withText(json, `"n":${nested(100_000, '[', ']')}`),
  'objects in objects, 50,000 deep': (json) => withText(json, `"n":${nested(50_000, '{"n":', '}', '1')}`),
  'lists that never close': (json) => withText(json, `"n":${'['.repeat(50_000)}`),
  'thousands of members': (json) => withText(json, members(2_000)),
  '__proto__ around the document': (json) => `{"__proto__":${JSON.stringify(json)}}`,
  '__proto__ beside the members': (json) => withText(json, '"__proto__":{"alg":"none","exp":0}'),
  'constructor and prototype': (json) => withText(json, '"constructor":{"prototype":{"exp":0}}'),
  'then, toJSON, toString and valueOf': (json) =>
    withText(json, '"then":1,"toJSON":1,"toString":1,"valueOf":1,"hasOwnProperty":1'),
  'an empty name': (json) => withText(json, '"":1'),
}

function withText(json: object, more: string): string {
  return `${JSON.stringify(json).slice(0, -1)},${more}}`
}

function withBytes(json: object, bytes: number[]): Buffer {
  const [start = '', end = ''] = withText(json, '"n":"x"').split('"x"')
  return Buffer.concat([Buffer.from(`${start}"`), Buffer.from(bytes), Buffer.from(`"${end}`)])
}

function nested(depth: number, open: string, close: string, core = ''): string {
  return open.repeat(depth) + core + close.repeat(depth)
}

function members(count: number): string {
  return Array.from({ length: count }, (_, index) => `"m${index}":${index}`).join()
}

function escapeFirst(_match: string, first: string, rest: string): string {
  return `"\\u00${first.charCodeAt(0).toString(16)}${rest}":`
}
