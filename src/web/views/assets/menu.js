// The menu is a popover, so it opens and closes without this script, also with Escape. The script exposes its state to
// assistive technology that does not support popovers, and makes the content behind an open menu inert.
const menu = document.getElementById('menu')
const toggle = document.querySelector('[popovertarget="menu"]')
const behind = document.querySelectorAll('main, footer')

function show(isOpen) {
  toggle.setAttribute('aria-expanded', String(isOpen))
  for (const element of behind) element.inert = isOpen
}

show(false)
menu.addEventListener('beforetoggle', ({ newState }) => show(newState === 'open'))
matchMedia('(min-width: 1100px)').addEventListener('change', () => menu.hidePopover())
