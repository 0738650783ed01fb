import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Paths of the stylesheet, the mark and the fonts, by the names that pages use. */
export const themeFiles: ReadonlyMap<string, string> = new Map([
  ['theme.css', join(import.meta.dirname, 'theme.css')],
  ['mark.svg', join(import.meta.dirname, 'mark.svg')],
  ...['inter', 'space-grotesk', 'fira-code'].map((font) => [`${font}.woff2`, fontFile(font)] as const),
])

/**
 * Reads the stylesheet for pages that serve the fonts at other addresses.
 *
 * @param addressOf returns the address of a font, such as `inter.woff2`
 */
export function readTheme(addressOf: (font: string) => string): string {
  const text = readFileSync(join(import.meta.dirname, 'theme.css'), 'utf8')
  return text.replace(/(?<=url\(")[^"]+/g, addressOf)
}

/** Path of a font: Latin letters, upright, variable weight. */
function fontFile(font: string): string {
  return fileURLToPath(
    import.meta.resolve(`@fontsource-variable/${font}/files/${font}-latin-wght-normal.woff2`),
  )
}
