// @ts-check
// Which modules a source file imports, types included, read with esbuild's parser.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'

/**
 * @typedef {object} Import
 * @property {string} file absolute path of the importing file
 * @property {number} line
 * @property {string} specifier as written
 */

/**
 * Type-only imports and exports are arrows too, but a parser that strips types forgets them; without the word `type`
 * it sees them. A replacement inside a comment or a template changes nothing that is looked at.
 * @param {string} text
 * @returns {string}
 */
export function withoutTypeOnly(text) {
  return text
    .replace(/^(\s*import\s+)type\s+([\w$]+(?:\s*,\s*\{[^}]*\})?|\{[^}]*\}|\*\s+as\s+[\w$]+)(?=\s*from\b)/gm, '$1$2')
    .replace(/^(\s*export\s+)type\s*(\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)(?=\s*from\b)/gm, '$1$2')
}

/**
 * @param {readonly string[]} files absolute paths of TypeScript files
 * @returns {Promise<Import[]>} in the order of the files; imports of a file that does not parse are left out, the
 *   compiler reports it
 */
export async function importsOf(files) {
  /** @type {Map<string, Import[]>} */
  const found = new Map(files.map(file => [file, []]))
  /** @type {Map<string, string>} */
  const texts = new Map()
  /** @type {import('esbuild').Plugin} */
  const collect = {
    name: 'collect',
    setup(bundler) {
      bundler.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point') return undefined
        const line = lineOf(texts.get(importer) ?? '', path)
        found.get(importer)?.push({ file: importer, line, specifier: path })
        return { path, external: true }
      })
      bundler.onLoad({ filter: /\.[cm]?ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        texts.set(path, text)
        return { contents: withoutTypeOnly(text), loader: 'ts' }
      })
    },
  }
  if (files.length > 0) {
    await build({
      entryPoints: [...files],
      bundle: true,
      write: false,
      outdir: 'unwritten',
      format: 'esm',
      platform: 'node',
      logLevel: 'silent',
      plugins: [collect],
      // Imports that look unused once types are gone stay.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    }).catch(() => undefined)
  }
  return [...found.values()].flat()
}

/**
 * @param {string} text
 * @param {string} specifier
 * @returns {number} of its first mention in quotes
 */
function lineOf(text, specifier) {
  const offsets = [text.indexOf(`'${specifier}'`), text.indexOf(`"${specifier}"`)].filter(offset => offset >= 0)
  return offsets.length === 0 ? 1 : text.slice(0, Math.min(...offsets)).split('\n').length
}
