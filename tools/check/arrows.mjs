// @ts-check
// Arrows between packages: package.json and imports against the table in arrow-table.mjs.
import { readFileSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { isFile, listFiles, listPackages, shownPath } from '../workspace/packages.mjs'
import { arrowTable, developmentExternal, exampleRow } from './arrow-table.mjs'
import { importsOf } from './imports.mjs'
import { problemAt } from './problem.mjs'

/** @typedef {import('../workspace/packages.mjs').Package} Package */
/** @typedef {import('./problem.mjs').Problem} Problem */
/** @typedef {import('./arrow-table.mjs').Row} Row */

/**
 * `@kvs/wal/testing` is folder `wal`, door `testing`; packages of others give undefined.
 * @param {string} specifier
 * @returns {{ folder: string, door: string } | undefined}
 */
function ourPackage(specifier) {
  const match = /^@kvs\/([^/]+)\/?(.*)$/.exec(specifier)
  return match === null ? undefined : { folder: match[1] ?? '', door: match[2] ?? '' }
}

/**
 * @param {Row} row
 * @param {string} folder
 * @returns {boolean} whether some door of it is open
 */
function mayImport(row, folder) {
  return row.imports.some(allowed => allowed === folder || allowed.startsWith(`${folder}/`))
}

/**
 * @param {Row} row
 * @param {string} folder
 * @returns {boolean} whether the tests may use it: the same storey or one below, or as the row says
 */
function mayTestWith(row, folder) {
  const storey = arrowTable[`packages/${folder}`]?.storey
  return (storey !== undefined && storey <= row.storey) || (row.tests ?? []).includes(folder)
}

/**
 * @param {Package} pkg
 * @param {Row} row
 * @returns {Problem[]}
 */
function checkManifest({ path, manifest }, row) {
  const file = `${path}/package.json`
  const { dependencies = {}, peerDependencies = {}, optionalDependencies = {}, devDependencies = {} } = manifest
  /** @type {Problem[]} */
  const problems = []
  for (const name of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
    const ours = ourPackage(name)
    const allowed = ours === undefined ? (row.external ?? []).includes(name) : mayImport(row, ours.folder)
    // A contract suite behind a testing door is run by its user's own test runner.
    const isRunner = name === 'vitest' && name in peerDependencies
    if (!allowed && !isRunner) problems.push({ file, message: `arrow: ${path} may not depend on ${name}` })
  }
  for (const name of Object.keys(devDependencies)) {
    const ours = ourPackage(name)
    const allowed =
      ours === undefined
        ? developmentExternal.includes(name) || (row.external ?? []).includes(name)
        : mayImport(row, ours.folder) || mayTestWith(row, ours.folder)
    if (!allowed) problems.push({ file, message: `arrow: the tests of ${path} may not depend on ${name}` })
  }
  return problems
}

/**
 * @param {string} root
 * @param {Package} pkg
 * @param {Row} row
 * @returns {Promise<Problem[]>}
 */
async function checkImports(root, pkg, row) {
  const files = listFiles(pkg.folder).filter(file => /\.ts$/.test(file) && !file.endsWith('.d.ts'))
  /** @type {Problem[]} */
  const problems = []
  for (const { file, line, specifier } of await importsOf(files)) {
    const place = shownPath(pkg.folder, file)
    const isSource = place.startsWith('src/') || place.startsWith('bin/')
    const message = specifier.startsWith('.')
      ? judgeRelative(pkg, file, specifier, isSource)
      : isSource
        ? judgePackage(pkg, row, specifier, /^src\/testing[./]/.test(place))
        : undefined
    if (message !== undefined) problems.push(problemAt(root, file, `arrow: ${message}`, line))
  }
  return problems
}

/**
 * @param {Package} pkg
 * @param {string} file
 * @param {string} specifier
 * @param {boolean} isSource
 * @returns {string | undefined} what is wrong with it
 */
function judgeRelative(pkg, file, specifier, isSource) {
  const home = isSource ? join(pkg.folder, 'src') : pkg.folder
  const target = resolve(dirname(file), specifier)
  if (target.startsWith(home + sep) || target === resolve(pkg.folder, '../../vitest.shared.ts')) return undefined
  return `${specifier} leaves ${isSource ? 'the sources' : 'the package'}; import a public door`
}

/**
 * @param {Package} pkg
 * @param {Row} row
 * @param {string} specifier
 * @param {boolean} isTestingDoor
 * @returns {string | undefined} what is wrong with it
 */
function judgePackage({ path, manifest }, row, specifier, isTestingDoor) {
  const ours = ourPackage(specifier)
  if (ours === undefined) {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    if (name.includes(':') || (row.external ?? []).includes(name)) return undefined
    if (isTestingDoor && name in (manifest.peerDependencies ?? {})) return undefined
    return `${path} may not import ${name}`
  }
  if (`@kvs/${ours.folder}` === manifest.name) return `${specifier} is this package; import the file`
  const isOpen = row.imports.includes(ours.folder) || row.imports.includes(`${ours.folder}/${ours.door}`)
  if (!isOpen) return `${path} may not import ${specifier}`
  if (ours.door === 'testing' && !isTestingDoor && path !== 'apps/sim') return `${specifier} is for tests`
  return undefined
}

/**
 * One version of each package of others, so that a lockfile holds it once.
 * @param {readonly Package[]} packages
 * @returns {Problem[]}
 */
function checkVersions(packages) {
  /** @type {Map<string, { range: string, path: string }>} */
  const first = new Map()
  /** @type {Problem[]} */
  const problems = []
  for (const { path, manifest } of packages) {
    const { dependencies = {}, devDependencies = {} } = manifest
    for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      const seen = first.get(name)
      if (seen === undefined) first.set(name, { range, path })
      else if (seen.range !== range) {
        const message = `arrow: ${name} is ${range} here and ${seen.range} in ${seen.path}`
        problems.push({ file: `${path}/package.json`, message })
      }
    }
  }
  return problems
}

/**
 * The compiler builds in the order of its own references: they must say what package.json says.
 * @param {Package} pkg
 * @returns {Problem[]}
 */
function checkReferences({ path, folder, manifest }) {
  const config = join(folder, 'tsconfig.json')
  if (!isFile(config)) return []
  const file = `${path}/tsconfig.json`
  /** @type {{ references?: { path: string }[] }} */
  const { references = [] } = JSON.parse(readFileSync(config, 'utf8'))
  const said = new Set(references.map(reference => basename(reference.path)))
  const { dependencies = {}, peerDependencies = {} } = manifest
  const needed = new Set(
    Object.keys({ ...dependencies, ...peerDependencies }).flatMap(name => ourPackage(name)?.folder ?? []),
  )
  const missing = [...needed].filter(name => !said.has(name))
  const idle = [...said].filter(name => !needed.has(name))
  return [
    ...missing.map(name => ({ file, message: `arrow: no reference to ${name}, which package.json depends on` })),
    ...idle.map(name => ({ file, message: `arrow: a reference to ${name}, which package.json does not depend on` })),
  ]
}

/** @type {import('./problem.mjs').Check} */
export const arrows = {
  name: 'arrows',
  rule: 'packages depend only on what tools/check/arrow-table.mjs allows',
  async run(root) {
    const packages = listPackages(root)
    const problems = checkVersions(packages)
    for (const pkg of packages) {
      const row = pkg.path.startsWith('examples/') ? exampleRow : arrowTable[pkg.path]
      if (row === undefined) {
        problems.push({ file: pkg.path, message: 'arrow: has no row in tools/check/arrow-table.mjs' })
      } else {
        problems.push(...checkManifest(pkg, row), ...checkReferences(pkg), ...(await checkImports(root, pkg, row)))
      }
    }
    return problems
  },
}
