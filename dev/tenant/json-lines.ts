const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\],]/g

/** Finds the lines of the names, objects and arrays of a valid JSON text, by a path such as `users/0/name`. */
export function linesOf(json: string): Map<string, number> {
  const lines = new Map<string, number>()
  const path: (string | number)[] = []
  const record = (index: number) => {
    const place = path.join('/')
    if (!lines.has(place)) lines.set(place, json.slice(0, index).split('\n').length)
  }
  for (const { 0: token, 1: colon, index } of json.matchAll(tokens)) {
    const item = path.at(-1)
    if (token === '}' || token === ']') path.pop()
    else if (token === ',') {
      if (typeof item === 'number') path[path.length - 1] = item + 1
    } else {
      if (colon) path[path.length - 1] = JSON.parse(token.slice(0, -colon.length))
      record(index)
      if (token === '{') path.push('')
      if (token === '[') path.push(0)
    }
  }
  return lines
}
