// Browsers keep whole pages for the back button, some of them in spite of `no-store`
// (https://web.dev/articles/bfcache). After a log-out that would show what was private: so a page hides as it is left,
// and one that comes back is asked for anew.
addEventListener('pagehide', () => {
  document.documentElement.hidden = true
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
