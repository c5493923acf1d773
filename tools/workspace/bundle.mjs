// @ts-check
// Makes one runnable file of a TypeScript program that imports `@kvs/*`, so that Node 20 can run it from source.
import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { doorsOf, listPackages } from './packages.mjs'

/** Written in two pieces, so that it stays when this very module is bundled. */
const metaUrl = `import.meta.${'url'}`

/**
 * `@kvs/x/door` means the source behind that public door, whoever asks; other packages stay outside of the bundle, by
 * absolute path, for the bundle does not lie beside them. `import.meta.url` keeps meaning the source file.
 * @param {string} root
 * @returns {import('esbuild').Plugin}
 */
function fromSource(root) {
  const doors = new Map(
    listPackages(root)
      .flatMap(doorsOf)
      .map(door => [door.specifier, door.source]),
  )
  return {
    name: 'from-source',
    setup(bundler) {
      bundler.onResolve({ filter: /^@kvs\// }, ({ path }) => {
        const source = doors.get(path)
        return source === undefined
          ? { errors: [{ text: `${path} is no public door of any package` }] }
          : { path: source }
      })
      bundler.onResolve({ filter: /^[^./]/ }, async ({ path, resolveDir, kind, pluginData }) => {
        if (path.startsWith('node:') || pluginData === 'asked' || isAbsolute(path)) return undefined
        const found = await bundler.resolve(path, { resolveDir, kind, pluginData: 'asked' })
        if (found.errors.length > 0 || found.external) return found
        return { path: pathToFileURL(found.path).href, external: true }
      })
      bundler.onLoad({ filter: /\.(ts|mjs)$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        const url = JSON.stringify(pathToFileURL(path).href)
        return { contents: text.replaceAll(metaUrl, url), loader: path.endsWith('.ts') ? 'ts' : 'js' }
      })
    },
  }
}

/**
 * @typedef {object} Program
 * @property {string} root the workspace
 * @property {string} outfile where the runnable file goes; ends with `.mjs`
 * @property {{ file: string } | { text: string, shownAs: string, folder: string, typescript: boolean }} from
 */

/**
 * @param {Program} program
 * @returns {Promise<string[]>} errors, each one line with its place; empty when the file was written
 */
export async function bundleProgram({ root, outfile, from }) {
  /** @type {import('esbuild').BuildOptions} */
  const input =
    'file' in from
      ? { entryPoints: [from.file] }
      : {
          stdin: {
            contents: from.text,
            sourcefile: from.shownAs,
            resolveDir: from.folder,
            loader: from.typescript ? 'ts' : 'js',
          },
        }
  try {
    await build({
      ...input,
      outfile,
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      conditions: ['@kvs/source'],
      plugins: [fromSource(root)],
      sourcemap: 'inline',
      logLevel: 'silent',
    })
    return []
  } catch (error) {
    const errors = /** @type {{ errors?: import('esbuild').Message[] }} */ (error).errors
    if (errors === undefined) throw error
    return errors.map(({ location, text }) => (location ? `${location.file}:${location.line} ${text}` : text))
  }
}
