// @ts-check
// One thing, one home: a name that two packages export is either the same thing twice or one word with two meanings.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { isFile, listPackages } from '../workspace/packages.mjs'
import { withoutTypeOnly } from './imports.mjs'

/** @typedef {import('./problem.mjs').Problem} Problem */

/**
 * Names that more than one package may export, with the reason.
 * @type {Readonly<Record<string, string>>}
 */
const allowedTwice = {
  Clock: 'what a package asks of time is declared where it is asked, as with all parts that come from outside',
  Logger: 'likewise: raft names what it logs to in its own levels',
}

/**
 * @param {string} file absolute path of an index.ts
 * @returns {Promise<string[]>} the names it exports, types included
 */
async function exportedNames(file) {
  const text = readFileSync(file, 'utf8')
  const untyped = withoutTypeOnly(text).replace(
    /^(\s*export\s*\{)([^}]*)\}/gm,
    (_, head, names) => `${head}${names.replace(/\btype\s+(?=[\w$])/g, '')}}`,
  )
  const { metafile } = await build({
    stdin: { contents: untyped, loader: 'ts', sourcefile: 'index.ts' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    logLevel: 'silent',
    outfile: 'index.js',
    plugins: [
      {
        name: 'only-this-file',
        setup: bundler => bundler.onResolve({ filter: /.*/ }, ({ path }) => ({ path, external: true })),
      },
    ],
  })
  const values = Object.values(metafile.outputs).flatMap(output => output.exports)
  const types = [...text.matchAll(/^export\s+(?:declare\s+)?(?:type|interface)\s+([A-Za-z_$][\w$]*)/gm)]
  return [...new Set([...values, ...types.map(([, name = '']) => name)])]
}

/** @type {import('./problem.mjs').Check} */
export const publicNames = {
  name: 'public-names',
  rule: 'no name is exported by two packages (exceptions with their reason: tools/check/exports.mjs)',
  async run(root) {
    /** @type {Map<string, string>} */
    const owners = new Map()
    /** @type {Problem[]} */
    const problems = []
    for (const { path, folder } of listPackages(root).filter(pkg => pkg.path.startsWith('packages/'))) {
      const index = join(folder, 'src', 'index.ts')
      const names = isFile(index) ? await exportedNames(index).catch(() => []) : []
      for (const name of names) {
        const owner = owners.get(name)
        if (owner === undefined) owners.set(name, path)
        else if (!(name in allowedTwice)) {
          problems.push({ file: `${path}/src/index.ts`, message: `public name: ${name} is exported by ${owner} too` })
        }
      }
    }
    return problems
  },
}
