// @ts-check
// A vitest reporter that prints nothing and leaves the sums of a run, with the reason of every skipped test, in the
// file that KVS_TALLY names.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} skipped full name, with the note of a test that skipped itself
 * @property {string[]} broken files that failed without a failing test (they do not load, a hook throws), and errors
 *   outside of any test; each is counted in `failed` too
 */

export default class TallyReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<import('vitest').SerializedError>} strayErrors
   */
  onTestRunEnd(modules, strayErrors) {
    /** @type {Tally} */
    const tally = { passed: 0, failed: 0, skipped: [], broken: strayErrors.map(({ message }) => message) }
    for (const module of modules) addModule(tally, module)
    tally.failed += tally.broken.length
    const file = process.env.KVS_TALLY
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

/**
 * @param {Tally} tally
 * @param {import('vitest/node').TestModule} module
 */
function addModule(tally, module) {
  const failedBefore = tally.failed
  for (const test of module.children.allTests()) {
    const result = test.result()
    if (result.state === 'passed') tally.passed++
    else if (result.state === 'failed') tally.failed++
    else {
      const note = result.state === 'skipped' && result.note ? ` (${result.note})` : ''
      tally.skipped.push(`${shownFile(module)} > ${test.fullName}${note}`)
    }
  }
  if (module.state() === 'failed' && tally.failed === failedBefore) {
    tally.broken.push(`${shownFile(module)} failed outside of its tests`)
  }
}

/**
 * @param {import('vitest/node').TestModule} module
 * @returns {string} relative to where the run started
 */
function shownFile(module) {
  return relative(process.cwd(), module.moduleId)
}
