// @ts-check
// What the workspace is made of: its packages, their doors and their source files.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/**
 * @typedef {object} Manifest the fields of package.json that tools read
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {Record<string, Record<string, string>>} [exports]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * @typedef {object} Package
 * @property {string} path relative to the workspace, such as `packages/raft`
 * @property {string} folder absolute
 * @property {Manifest} manifest
 */

const groups = ['packages', 'apps', 'examples']
const outside = new Set(['node_modules', 'dist', '.git', '.turbo', '.cache', 'coverage'])

/**
 * @param {string} root
 * @returns {Package[]} in the order of their paths
 */
export function listPackages(root) {
  /** @type {Package[]} */
  const packages = []
  for (const group of groups) {
    for (const name of existsSync(join(root, group)) ? readdirSync(join(root, group)).sort() : []) {
      const folder = join(root, group, name)
      const file = join(folder, 'package.json')
      if (existsSync(file)) {
        packages.push({ path: `${group}/${name}`, folder, manifest: JSON.parse(readFileSync(file, 'utf8')) })
      }
    }
  }
  return packages
}

/**
 * Every file below a folder that belongs to the project: no installed, built or cached ones, no data folders.
 * @param {string} folder
 * @returns {string[]} absolute paths, sorted
 */
export function listFiles(folder) {
  /** @type {string[]} */
  const files = []
  if (!existsSync(folder)) return files
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (outside.has(entry.name) || entry.name.endsWith('.etcd')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) files.push(...listFiles(path))
    else if (entry.isFile()) files.push(path)
  }
  return files.sort()
}

/**
 * The public doors of a package and the source file behind each.
 * @param {Package} pkg
 * @returns {{ specifier: string, source: string }[]} specifier as users write it; source absolute
 */
export function doorsOf(pkg) {
  return Object.entries(pkg.manifest.exports ?? {}).flatMap(([door, targets]) => {
    const source = targets['@kvs/source']
    return source === undefined
      ? []
      : [{ specifier: pkg.manifest.name + door.slice(1), source: join(pkg.folder, source) }]
  })
}

/**
 * @param {string} root
 * @param {string} path absolute
 * @returns {string} as it is shown to people: relative, with forward slashes
 */
export function shownPath(root, path) {
  return relative(root, path).split(sep).join('/')
}

/**
 * @param {string} path
 * @returns {boolean}
 */
export function isFile(path) {
  return existsSync(path) && statSync(path).isFile()
}
