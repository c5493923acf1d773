// @ts-check
// Durability with reduced counts and fixed seeds: kills, real power cuts, a disk that fails at every kind of call, flipped
// bits. The full figures: npm run proof -- kill, power-cuts, eio, bit-flips.
// apt: gcc libc6-dev e2fsprogs
import { ensureInstall } from '../run/ensure-install.mjs'
import { listPrograms, runProgram } from '../run/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** Each takes half a minute at most, alone on two cores. */
const runs = [
  ['kill', '--kills', '8', '--clients', '50'],
  ['power-cuts', '--cuts', '8', '--first-cuts', '4', '--unsafe-cuts', '3'],
  ['eio', '--calls', '30', '--every', '45'],
  ['bit-flips', '--flips', '1000'],
]

await ensureInstall()
const programs = listPrograms('proof')
const suite = new Suite()

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
    if (status !== 0)
      throw new Error(
        `status ${status}\n${lines
          .filter(line => !/^\d/.test(line))
          .slice(-30)
          .join('\n')}`,
      )
  })
  console.log(`     ${lines.at(-1)} (${Math.round((performance.now() - began) / 1000)} s)`)
}

process.exitCode = suite.conclude()
