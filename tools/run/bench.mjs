// @ts-check
// npm run bench [-- NAME ... ] [-- --list]: builds everything, then runs the benches whose name begins with
// NAME, or all. What follows a second `--` goes to the bench itself.
import { build } from './build.mjs'
import { fail } from './command.mjs'
import { listPrograms, runProgram } from './programs.mjs'

/**
 * @param {readonly string[]} argv
 * @returns {Promise<number>}
 */
async function bench(argv) {
  const cut = argv.includes('--') ? argv.indexOf('--') : argv.length
  const names = argv.slice(0, cut).filter(word => !word.startsWith('-'))
  const all = listPrograms('bench')
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.some(wanted => name.startsWith(wanted)))
  if (chosen.length === 0) {
    const wanted = names.length === 0 ? 'found' : `called ${names.join(' or ')}`
    console.error(`no bench is ${wanted}; there are: ${all.map(({ name }) => name).join(', ') || 'none'}`)
    return names.length === 0 ? 0 : 1
  }
  if (argv.slice(0, cut).includes('--list')) {
    for (const { name } of chosen) console.log(name)
    return 0
  }
  await build([])
  let failed = 0
  for (const program of chosen) {
    console.log(`\n== ${program.name}`)
    const status = await runProgram(program, argv.slice(cut + 1), chunk => process.stdout.write(chunk))
    if (status === 0) continue
    failed++
    console.error(`${program.name} ended with status ${status}`)
  }
  return failed === 0 ? 0 : 1
}

process.exitCode = await bench(process.argv.slice(2)).catch(fail)
