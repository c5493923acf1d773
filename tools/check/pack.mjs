// @ts-check
// Every published package stands alone: packed as it would be published, its tarball is sound (publint, attw), plain
// npm installs it in an empty folder, each door of it can be imported there, its programs answer --help, and its
// README's examples run there.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { localProgram, runCommand } from '../run/command.mjs'
import { isFile, listPackages } from '../workspace/packages.mjs'
import { examplesIn, exampleTimeoutMs, lastLines } from './examples.mjs'

/** @typedef {import('./problem.mjs').Problem} Problem */
/** @typedef {import('../workspace/packages.mjs').Package} Package */
/** @typedef {Map<string, { pkg: Package, tarball: string }>} Tarballs by package name */

/** Two at a time: most of the work is waiting for npm and the disk. */
const parallel = 2

/**
 * @param {Package} pkg
 * @param {string} folder where the tarballs go
 * @returns {Promise<string>} path of its tarball
 */
async function packOne(pkg, folder) {
  const target = join(folder, pkg.path.replaceAll('/', '-'))
  mkdirSync(target)
  const { status, stdout, stderr } = await runCommand(localProgram('pnpm'), ['pack', '--pack-destination', target], {
    cwd: pkg.folder,
  })
  const tarball = readdirSync(target).find(name => name.endsWith('.tgz'))
  if (status !== 0 || tarball === undefined) throw new Error(`pnpm pack failed: ${lastLines(stderr || stdout)}`)
  return join(target, tarball)
}

/**
 * @param {Package} pkg
 * @param {string} tarball
 * @returns {Promise<string[]>} what publint and attw have against it
 */
async function lintTarball(pkg, tarball) {
  const content = readFileSync(tarball)
  const bytes = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength)
  const { messages, pkg: manifest } = await publint({ pack: { tarball: bytes }, level: 'warning' })
  const complaints = messages.map(message => `publint: ${formatMessage(message, manifest, { color: false })}`)
  const args = [tarball, '--profile', 'esm-only', '--format', 'json']
  const { status, stdout } = await runCommand(localProgram('attw'), args, { cwd: pkg.folder })
  if (status === 0) return complaints
  /** @type {{ problems: Record<string, Array<{ kind: string, entrypoint?: string, resolutionKind?: string }>> }} */
  const { problems } = JSON.parse(stdout)
  // attw lists what its profile forgives as well: the ways of CommonJS.
  const counted = Object.values(problems)
    .flat()
    .filter(({ resolutionKind }) => resolutionKind !== 'node10' && resolutionKind !== 'node16-cjs')
  return [
    ...complaints,
    ...new Set(counted.map(({ kind, entrypoint }) => `attw: ${kind} of door ${entrypoint ?? '.'}`)),
  ]
}

/**
 * The packages of ours that one needs at run time, itself included.
 * @param {string} name
 * @param {Tarballs} tarballs
 * @param {Set<string>} [found]
 * @returns {Set<string>}
 */
function closure(name, tarballs, found = new Set()) {
  const entry = tarballs.get(name)
  if (entry === undefined || found.has(name)) return found
  found.add(name)
  const { dependencies = {}, peerDependencies = {} } = entry.pkg.manifest
  for (const needed of Object.keys({ ...dependencies, ...peerDependencies })) closure(needed, tarballs, found)
  return found
}

/**
 * Installs one package with plain npm in an empty folder. Those of ours it needs come from their tarballs, the peers of
 * all of them are installed too, as the README of a package asks.
 * @param {Package} pkg
 * @param {Tarballs} tarballs
 * @param {string} folder empty
 * @returns {Promise<string | undefined>} what went wrong
 */
async function installAlone(pkg, tarballs, folder) {
  const needed = [...closure(pkg.manifest.name, tarballs)]
  const files = Object.fromEntries(needed.map(name => [name, `file:${tarballs.get(name)?.tarball}`]))
  const peers = Object.assign({}, ...needed.map(name => tarballs.get(name)?.pkg.manifest.peerDependencies))
  const dependencies = { ...peers, ...files }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const { status, stdout, stderr } = await runCommand('npm', args, { cwd: folder, timeoutMs: 120_000 })
  return status === 0 ? undefined : `npm install of the tarball failed: ${lastLines(stderr || stdout)}`
}

/**
 * @param {Package} pkg
 * @param {string} folder where it is installed
 * @returns {Promise<Problem[]>}
 */
async function useAlone(pkg, folder) {
  const file = `${pkg.path}/package.json`
  /** @type {Problem[]} */
  const problems = []
  for (const door of Object.keys(pkg.manifest.exports ?? {})) {
    const specifier = pkg.manifest.name + door.slice(1)
    // A contract suite imports its user's test runner, which only runs inside of a test.
    if (door === './testing' && 'vitest' in (pkg.manifest.peerDependencies ?? {})) continue
    const code = `await import(${JSON.stringify(specifier)})`
    const { status, stderr } = await runCommand(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: folder,
      timeoutMs: exampleTimeoutMs,
    })
    if (status !== 0)
      problems.push({ file, message: `pack: importing ${specifier} fails: ${lastLines(stderr).split('\n')[0]}` })
  }
  for (const name of Object.keys(pkg.manifest.bin ?? {})) {
    const program = join(folder, 'node_modules', '.bin', name)
    const { status, stderr } = await runCommand(program, ['--help'], { cwd: folder, timeoutMs: exampleTimeoutMs })
    if (status !== 0) problems.push({ file, message: `pack: ${name} --help fails: ${lastLines(stderr)}` })
  }
  const readme = join(pkg.folder, 'README.md')
  for (const { line, text, typescript } of isFile(readme) ? examplesIn(readme) : []) {
    const { code } = typescript ? await transform(text, { loader: 'ts' }) : { code: text }
    writeFileSync(join(folder, 'example.mjs'), code)
    const { status, stdout, stderr } = await runCommand(process.execPath, ['example.mjs'], {
      cwd: folder,
      timeoutMs: exampleTimeoutMs,
    })
    if (status === 0) continue
    const message = `pack: the example fails with the installed package: ${lastLines(stderr || stdout)}`
    problems.push({ file: `${pkg.path}/README.md`, line, message })
  }
  return problems
}

/**
 * @param {Package} pkg
 * @param {Tarballs} tarballs
 * @param {string} folder for its trial
 * @returns {Promise<Problem[]>}
 */
async function tryPackage(pkg, tarballs, folder) {
  const file = `${pkg.path}/package.json`
  const tarball = tarballs.get(pkg.manifest.name)?.tarball
  if (tarball === undefined) return []
  const complaints = (await lintTarball(pkg, tarball)).map(message => ({ file, message: `pack: ${message}` }))
  mkdirSync(folder)
  const broken = await installAlone(pkg, tarballs, folder)
  if (broken !== undefined) return [...complaints, { file, message: `pack: ${broken}` }]
  return [...complaints, ...(await useAlone(pkg, folder))]
}

/**
 * Works on a few packages at a time. A piece of work that throws is a problem of its package.
 * @param {readonly Package[]} packages
 * @param {(pkg: Package) => Promise<Problem[]>} work
 * @returns {Promise<Problem[]>} in the order of the packages
 */
async function forEachPackage(packages, work) {
  /** @type {Problem[][]} */
  const results = packages.map(() => [])
  let next = 0
  const worker = async () => {
    for (let at = next++; at < packages.length; at = next++) {
      const pkg = packages[at]
      if (pkg === undefined) continue
      results[at] = await work(pkg).catch(error => {
        const message = `pack: ${error instanceof Error ? error.message : error}`
        return [{ file: `${pkg.path}/package.json`, message }]
      })
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return results.flat()
}

/** @type {import('./problem.mjs').Check} */
export const pack = {
  name: 'pack',
  rule: 'every published package installs from its tarball in an empty folder, imports and runs its example there',
  async run(root) {
    const packages = listPackages(root).filter(({ manifest }) => manifest.private !== true)
    const filters = packages.map(({ manifest }) => `--filter=${manifest.name}`)
    const args = ['run', 'build', '--output-logs=errors-only', '--log-prefix=none', '--continue', ...filters]
    const built = await runCommand(localProgram('turbo'), args, { cwd: root })
    /** @type {Problem[]} */
    const unbuilt =
      built.status === 0 ? [] : [{ file: 'packages', message: 'pack: the build failed (see check types)' }]
    const folder = mkdtempSync(join(tmpdir(), 'kvs-pack-'))
    try {
      /** @type {Tarballs} */
      const tarballs = new Map()
      const unpacked = await forEachPackage(packages, async pkg => {
        tarballs.set(pkg.manifest.name, { pkg, tarball: await packOne(pkg, folder) })
        return []
      })
      const tried = await forEachPackage(packages, pkg =>
        tryPackage(pkg, tarballs, join(folder, `alone-${pkg.path.replaceAll('/', '-')}`)),
      )
      return [...unbuilt, ...unpacked, ...tried]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
