import { titleOf } from '../../src/http/service.ts'

/** Spellings of a name: `acme-orders`, `acme_orders`, `ACME_ORDERS`, `Acme Orders` and `AcmeOrders`. */
function spellings(name: string) {
  const [snake, title] = [name.replaceAll('-', '_'), titleOf(name)]
  return {
    kebab: name,
    snake,
    upper: snake.toUpperCase(),
    title,
    pascal: title.replaceAll(' ', ''),
  }
}

/** Replaces a name in all its spellings, wherever it is a word of its own. */
export function rename(text: string, from: string, to: string): string {
  const [before, after] = [spellings(from), spellings(to)]
  const word = (spelling: string, next = '') =>
    new RegExp(`(?<![A-Za-z0-9])${spelling}(?![A-Za-z0-9])${next}`, 'g')
  return text
    .replace(word(before.upper), after.upper)
    .replace(new RegExp(`(?<![A-Za-z0-9])${before.pascal}(?=[A-Z])`, 'g'), after.pascal)
    .replace(word(before.title), after.title)
    .replace(word(before.snake, '(?=_)'), after.snake)
    .replace(word(`(?<=_)${before.snake}`), after.snake)
    .replace(word(before.kebab), after.kebab)
}
