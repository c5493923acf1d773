// @ts-check
// A difference as a person reads it.
import { foretell } from './compare.mjs'

/** @typedef {import('./compare.mjs').Compared} Compared */

/** Longer texts are shown in part. */
const shownMax = 1500

/** @param {Compared} compared */
export function describeDifference(compared) {
  const { command } = compared
  const lines = [`different: line ${command.line}: ${command.text.slice(0, shownMax)}`]
  if (command.intended !== undefined) {
    const isAlike = compared.etcd.equals(compared.kvs)
    lines.push(isAlike ? '  (marked as intended, but alike)' : '  (not as it is intended)')
  }
  const { etcd, kvs } = foretell(compared)
  for (const [what, theirs, ours] of [
    ['ended', etcd.ended, kvs.ended],
    ['stdout', etcd.stdout, kvs.stdout],
    ['stderr', etcd.stderr, kvs.stderr],
  ]) {
    if (theirs !== ours) lines.push(`  ${what}`, shown('etcd', theirs ?? ''), shown('kvs ', ours ?? ''))
  }
  return lines.join('\n')
}

/** @param {string} name @param {string} text */
function shown(name, text) {
  return JSON.stringify(text.slice(0, shownMax))
    .slice(1, -1)
    .split('\\n')
    .map(line => `    ${name} | ${line.replaceAll('\\"', '"')}`)
    .join('\n')
}
