// @ts-check
// What a check is and what it finds.
import { shownPath } from '../workspace/packages.mjs'

/**
 * @typedef {object} Problem
 * @property {string} file relative to the workspace
 * @property {number} [line] from 1
 * @property {string} message
 */

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} rule one line, what must hold
 * @property {(root: string) => Promise<Problem[]>} run finds what breaks the rule in a workspace; empty when it holds
 */

/**
 * @param {string} root
 * @param {string} path absolute
 * @param {string} message
 * @param {number} [line]
 * @returns {Problem}
 */
export function problemAt(root, path, message, line) {
  const file = shownPath(root, path)
  return line === undefined ? { file, message } : { file, line, message }
}

/**
 * @param {Problem} problem
 * @returns {string}
 */
export function describeProblem({ file, line, message }) {
  return `${file}${line === undefined ? '' : `:${line}`} ${message}`
}
