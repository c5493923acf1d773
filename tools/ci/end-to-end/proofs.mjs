// @ts-check
// Proofs with reduced counts, each as one check of a suite.
import { listPrograms, runProgram } from '../../run/programs.mjs'

/** What is shown of a proof that failed. */
const shownLines = 30

/**
 * @param {import('./suite.mjs').Suite} suite
 * @param {readonly (readonly string[])[]} runs names with their arguments
 */
export async function checkProofs(suite, runs) {
  const programs = listPrograms('proof')
  for (const [name = '', ...args] of runs) {
    const program = programs.find(each => each.name === name)
    if (program === undefined) throw new Error(`no proof is called ${name}`)
    let output = ''
    const began = performance.now()
    const status = await runProgram(program, args, chunk => {
      output += chunk
    })
    const lines = output.trim().split('\n')
    const skipped = lines.filter(line => line.startsWith('SKIPPED: '))
    for (const line of skipped) {
      const [, what = '', why = ''] = /^SKIPPED: ([^:]+): (.*)$/.exec(line) ?? []
      suite.skip(`${name}, ${what}`, why)
    }
    if (status === 0 && lines.length === skipped.length) continue
    await suite.check(`${name} ${args.join(' ')}`, async () => {
      const told = lines.filter(line => !/^\d/.test(line)).slice(-shownLines)
      if (status !== 0) throw new Error(`status ${status}\n${told.join('\n')}`)
    })
    console.log(`     ${lines.at(-1)} (${Math.round((performance.now() - began) / 1000)} s)`)
  }
}
