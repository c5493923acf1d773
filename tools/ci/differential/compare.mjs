// @ts-check
// Asks both servers everything the file says, and compares.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from './ask.mjs'
import { startPair } from './pair.mjs'

/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {import('./command-file.mjs').Command} Command */
/** @typedef {import('./command-file.mjs').Section} Section */

/**
 * A command that both servers answered.
 * @typedef {object} Compared
 * @property {Command} command
 * @property {Answer} etcd
 * @property {Answer} kvs
 */

/**
 * What became of a command: `equal`; `intended`, different exactly as the file says; `different`. Marked but equal is
 * different, and how a command ended must always be the same.
 * @param {Compared} compared
 * @returns {'equal' | 'intended' | 'different'}
 */
export function judge(compared) {
  const { intended } = compared.command
  if (compared.etcd.equals(compared.kvs)) return intended === undefined ? 'equal' : 'different'
  if (intended === undefined) return 'different'
  const foretold = foretell(compared)
  return foretold.etcd.equals(foretold.kvs) ? 'intended' : 'different'
}

/**
 * Both answers with the differences that the file expects taken out.
 * @param {Compared} compared
 * @returns {Compared}
 */
export function foretell({ command, etcd, kvs }) {
  let theirs = etcd
  let ours = kvs
  for (const { old, fresh } of command.instead) {
    const pattern = /^\/(.*)\/$/s.exec(old)?.[1]
    theirs = theirs.with(pattern === undefined ? old : new RegExp(pattern, 'gm'), fresh)
    if (pattern !== undefined) ours = ours.with(new RegExp(pattern, 'gm'), fresh)
  }
  return { command, etcd: theirs, kvs: ours }
}

/**
 * The commands of a section, one after the other, each asked of both servers at once.
 * @param {Section} section
 * @param {string} folder
 * @returns {Promise<Compared[]>}
 */
async function compareSection(section, folder) {
  mkdirSync(folder)
  const pair = await startPair(folder, section.flags)
  try {
    /** @type {Compared[]} */
    const compared = []
    for (const command of section.commands) {
      const [etcd, kvs] = await Promise.all([ask(command, pair.etcd), ask(command, pair.kvs)])
      if (etcd !== undefined && kvs !== undefined) compared.push({ command, etcd, kvs })
    }
    return compared
  } finally {
    await Promise.all([pair.etcd.stop(), pair.kvs.stop()])
  }
}

/** Sections that run at once: a command waits more than it works. */
const sectionsAtOnce = 3

/**
 * @param {readonly Section[]} sections
 * @param {string} folder
 * @returns {Promise<Compared[]>} in the order of the file
 */
export async function compareAll(sections, folder) {
  /** @type {Compared[][]} */
  const results = []
  let next = 0
  const worker = async () => {
    while (next < sections.length) {
      const at = next++
      results[at] = await compareSection(/** @type {Section} */ (sections[at]), join(folder, String(at)))
    }
  }
  await Promise.all(Array.from({ length: sectionsAtOnce }, worker))
  return results.flat()
}

/**
 * Whether the comparison can fail: what kvs answered to a command is compared with what etcd answered to the next one.
 * @param {readonly Compared[]} compared
 * @returns {{ pairs: number, alike: Command[] }} commands whose answer passes for that of their neighbour
 */
export function exchange(compared) {
  const alike = compared.slice(0, -1).filter(({ kvs }, i) => kvs.equals(/** @type {Compared} */ (compared[i + 1]).etcd))
  return { pairs: compared.length - 1, alike: alike.map(({ command }) => command) }
}
