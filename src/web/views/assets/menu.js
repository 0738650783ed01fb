// The menu opens, closes and heeds Escape without this: it is a popover. Here it is told to assistive technology in
// words that all of it knows, and what lies behind an open menu cannot be tabbed into.
const menu = document.getElementById('menu')
const toggle = document.querySelector('[popovertarget="menu"]')
const behind = document.querySelectorAll('main, footer')

function show(isOpen) {
  toggle.setAttribute('aria-expanded', String(isOpen))
  for (const element of behind) element.inert = isOpen
}

show(false)
menu.addEventListener('beforetoggle', ({ newState }) => show(newState === 'open'))
matchMedia('(min-width: 640px)').addEventListener('change', () => menu.hidePopover())
