// Computes the contrast of every text in the page against its background (WCAG 2.2, 1.4.3)
;(() => {
  const colours = (css) =>
    [...css.matchAll(/rgba?\(([^)]*)\)/g)].map(([, numbers]) => numbers.split(',').map(Number))

  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }

  const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)

  /** Colours of the nearest background; both ends of a gradient. */
  const behind = (element) => {
    const { backgroundImage, backgroundColor, backgroundClip } = getComputedStyle(element)
    const hasImage = backgroundImage !== 'none' && backgroundClip !== 'text'
    const found = colours(hasImage ? backgroundImage : backgroundColor)
    return found.some(([, , , alpha]) => alpha === 0) ? behind(element.parentElement) : found
  }

  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim() !== ''

  return [...document.body.querySelectorAll('*')]
    .filter((element) => [...element.childNodes].some(isText) && element.checkVisibility())
    .map((element) => {
      const { color, backgroundImage, backgroundClip, fontSize, fontWeight } = getComputedStyle(element)
      const inks = colours(backgroundClip === 'text' ? backgroundImage : color).map(luminance)
      const grounds = behind(element).map(luminance)
      const size = Number.parseFloat(fontSize)
      const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700)
      return {
        text: element.textContent.trim().slice(0, 30),
        ratio: Math.min(...inks.flatMap((ink) => grounds.map((ground) => contrast(ink, ground)))),
        required: isLarge ? 3 : 4.5,
      }
    })
})()
