// @ts-check
// Words and names that do not belong in the project: marks of unfinished work, paths of somebody's machine, and drawers
// that things are thrown into.
import { readFileSync, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { listFiles, shownPath } from '../workspace/packages.mjs'

/** @typedef {import('./problem.mjs').Problem} Problem */

const textEndings = new Set(['.ts', '.mjs', '.js', '.json', '.md', '.yaml', '.yml', '.proto', '.html', '.css', ''])

/** Files over this are data. */
const readBytesMax = 2_000_000

// Written in pieces, so that this file does not find itself.
const words = [
  {
    pattern: new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`),
    why: 'unfinished work',
  },
  {
    pattern: new RegExp(`(?<![\\w.~-])/(${['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me'].join('|')})/`),
    why: 'a path of one machine',
  },
  { pattern: /\b(it|test|describe)\.only\(/, why: 'a test that silences the others' },
  { pattern: /@ts-(ignore|nocheck)/, why: 'a type error that is hidden' },
]

/** Names that say nothing of what lies inside. */
const drawers = /^(utils?|common|helpers?|shared|misc)$/

/**
 * @param {string} path relative
 * @returns {Problem[]}
 */
function checkName(path) {
  const parts = path.split('/').map(part => part.replace(/\..*$/, ''))
  const drawer = parts.find(part => drawers.test(part))
  return drawer === undefined
    ? []
    : [{ file: path, message: `word: "${drawer}" names a drawer; name what lies inside` }]
}

/**
 * @param {string} path relative
 * @param {string} text
 * @returns {Problem[]}
 */
function checkText(path, text) {
  return text.split('\n').flatMap((line, index) =>
    words
      .filter(({ pattern }) => pattern.test(line))
      .map(({ pattern, why }) => ({
        file: path,
        line: index + 1,
        message: `word: ${pattern.exec(line)?.[0]} (${why})`,
      })),
  )
}

/** @type {import('./problem.mjs').Check} */
export const wordsAndNames = {
  name: 'words',
  rule: 'no marks of unfinished work, no paths of one machine, no drawers',
  async run(root) {
    return listFiles(root).flatMap(file => {
      const path = shownPath(root, file)
      const isData = path.includes('/testdata/') || path.endsWith('pnpm-lock.yaml') || basename(path) === 'LICENSE'
      const isText = textEndings.has(extname(path)) && statSync(file).size <= readBytesMax
      return [...checkName(path), ...(isText && !isData ? checkText(path, readFileSync(file, 'utf8')) : [])]
    })
  },
}
