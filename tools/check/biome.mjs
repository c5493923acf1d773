// @ts-check
// Format and lint, with it the length of functions (70 lines) and files (600), import cycles, undeclared dependencies
// and promises nobody waits for. The rules stand in biome.json; biome counts the lines between a function's braces, so
// 68 there are 70 with its first and last line.
import { localProgram, runCommand } from '../run/command.mjs'

/**
 * @typedef {object} Diagnostic of biome's JSON report
 * @property {string} severity
 * @property {string} message
 * @property {string} category
 * @property {{ path?: string, start?: { line: number } }} location
 */

/** @type {import('./problem.mjs').Check} */
export const lint = {
  name: 'lint',
  rule: 'biome finds nothing: format, length of functions and files, import cycles, undeclared dependencies',
  async run(root) {
    const args = ['check', '--reporter=json', '--max-diagnostics=none', '--error-on-warnings', '.']
    const { status, stdout, stderr } = await runCommand(localProgram('biome'), args, { cwd: root })
    /** @type {Diagnostic[]} */
    let diagnostics
    try {
      diagnostics = JSON.parse(stdout).diagnostics
    } catch {
      return [{ file: 'biome.json', message: `biome ended with status ${status}: ${(stdout + stderr).trim()}` }]
    }
    return diagnostics
      .filter(({ severity }) => severity !== 'info' && severity !== 'hint')
      .map(({ category, message, location }) => ({
        file: location.path ?? '.',
        ...(location.start !== undefined && location.start.line > 0 ? { line: location.start.line } : {}),
        message: category === 'format' ? 'format: run npm run format' : `${category}: ${message}`,
      }))
  },
}
