// Describes the focused element: its text, whether all of it is visible, and the width of its outline
;(() => {
  const element = document.activeElement
  if (!element || element === document.body) return { text: '', isVisible: false, outline: 0 }
  const { left, top, right, bottom } = element.getBoundingClientRect()
  const isOnTop = element.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2))
  const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  return {
    text: element.textContent.trim(),
    isVisible: isOnTop && isInside,
    outline: outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth),
  }
})()
