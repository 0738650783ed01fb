// Some browsers keep whole pages for the back button in spite of `no-store` (https://web.dev/articles/bfcache), which
// would show private content after logout. So each page hides when the browser leaves it, and reloads when restored.
addEventListener('pagehide', () => {
  document.documentElement.hidden = true
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
