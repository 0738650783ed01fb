/** To-dos of a page of the default size. */
export const TODOS = Array.from({ length: 50 }, (_, n) => ({
  title: `Water the plants on the balcony, ${n}`,
  date: '2026-11-21',
}))

export const NEW_TODO = { title: 'Water the plants on the balcony', date: '2026-11-21' }
