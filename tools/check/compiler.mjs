// @ts-check
// Types: of the packages as they are built, of their tests and benches, and of the tools.
import { localProgram, runCommand } from '../run/command.mjs'

/** @typedef {import('./problem.mjs').Check} Check */
/** @typedef {import('./problem.mjs').Problem} Problem */

/**
 * @param {string} root
 * @param {readonly string[]} args
 * @returns {Promise<Problem[]>}
 */
async function compile(root, args) {
  const { status, stdout, stderr } = await runCommand(localProgram('tsc'), [...args, '--pretty', 'false'], {
    cwd: root,
  })
  const problems = stdout.split('\n').flatMap(line => {
    const match = /^(.+?)\((\d+),\d+\): error (TS\d+: .*)$/.exec(line) ?? /^()()error (TS\d+: .*)$/.exec(line)
    if (match === null) return []
    const [, file = '', number = '', message = ''] = match
    return [file === '' ? { file: args.join(' '), message } : { file, line: Number(number), message }]
  })
  if (status !== 0 && problems.length === 0) {
    return [{ file: args.join(' '), message: `tsc ended with status ${status}: ${(stdout + stderr).trim()}` }]
  }
  return problems
}

/** @type {Check} */
export const packageTypes = {
  name: 'types',
  rule: 'the sources of every package compile',
  run: root => compile(root, ['-b', 'tsconfig.json']),
}

/** @type {Check} */
export const testTypes = {
  name: 'test-types',
  rule: 'tests, benches and command line programs compile against the sources',
  run: root => compile(root, ['-p', 'tsconfig.test.json']),
}

/** @type {Check} */
export const toolTypes = {
  name: 'tool-types',
  rule: 'the JSDoc types of the tools hold',
  run: root => compile(root, ['-p', 'tools/tsconfig.json']),
}
