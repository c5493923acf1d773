// @ts-check
// Pure packages compute from their arguments: no Node, no clock, no timer, no chance of their own. Their compiler
// settings already hide Node's types; this also sees what slips past types (declared by hand, `Date`, `Math.random`).
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { listFiles, shownPath } from '../workspace/packages.mjs'
import { importsOf } from './imports.mjs'
import { problemAt } from './problem.mjs'

/** @typedef {import('./problem.mjs').Problem} Problem */

/** The pure packages, each with the files of it that touch the world on purpose. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const purePackages = {
  auth: [],
  bbolt: [],
  client: ['src/system-clock.ts'],
  grpc: [],
  lease: [],
  membership: [],
  mvcc: [],
  proto: [],
  raft: [],
  rafthttp: ['src/node/node-wire.ts', 'src/node/peer-port.ts', 'src/node/pipe-agent.ts', 'src/node/ws-link.ts'],
  snap: [],
  wal: [],
}

/** Globals that are the outside world. `globalThis` is one: it leads to all the others. */
const forbidden = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'Math.random',
  'performance',
  'crypto',
  'process',
  'Buffer',
  'require',
  'globalThis',
]

const mark = 'KVS_IMPURE_'

/**
 * esbuild replaces a name only where it means the global, not a property, a local variable or a word in a text.
 * @param {string} text TypeScript
 * @returns {Promise<string[]>} the forbidden names it uses
 */
async function forbiddenNames(text) {
  const define = Object.fromEntries(forbidden.map(name => [name, mark + name.replace('.', '_')]))
  const { code } = await transform(text, { loader: 'ts', define, logLevel: 'silent' })
  return forbidden.filter(name => new RegExp(`\\b${mark}${name.replace('.', '_')}\\b`).test(code))
}

/**
 * @param {string} text
 * @param {string} name
 * @returns {number} the first line that names it outside of a comment line
 */
function lineOf(text, name) {
  const pattern = new RegExp(`(?<![.\\w])${name.replace('.', '\\s*\\.\\s*')}\\b`)
  const index = text.split('\n').findIndex(line => pattern.test(line) && !/^\s*(\/?\*|\/\/)/.test(line))
  return index < 0 ? 1 : index + 1
}

/**
 * @param {string} root
 * @param {string} file
 * @returns {Promise<Problem[]>}
 */
async function checkNames(root, file) {
  const text = readFileSync(file, 'utf8')
  // What does not parse is the compiler's to report.
  const names = await forbiddenNames(text).catch(() => [])
  return names.map(name =>
    problemAt(
      root,
      file,
      `purity: uses ${name}; a pure package takes time, chance and I/O as arguments`,
      lineOf(text, name),
    ),
  )
}

/** @type {import('./problem.mjs').Check} */
export const purity = {
  name: 'purity',
  rule: 'pure packages use no Node module, clock, timer or randomness (tools/check/purity.mjs lists them)',
  async run(root) {
    /** @type {Problem[]} */
    const problems = []
    for (const [name, worldly] of Object.entries(purePackages)) {
      const folder = join(root, 'packages', name)
      const files = listFiles(join(folder, 'src')).filter(
        file => file.endsWith('.ts') && !worldly.includes(shownPath(folder, file)),
      )
      for (const { file, line, specifier } of await importsOf(files)) {
        const isTestingDoor = /^src\/testing[./]/.test(shownPath(folder, file))
        if (isBuiltin(specifier) && !isTestingDoor) {
          problems.push(problemAt(root, file, `purity: imports ${specifier}; a pure package knows no Node`, line))
        }
      }
      for (const file of files) problems.push(...(await checkNames(root, file)))
    }
    return problems
  },
}
