import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SeededRandom } from '@kvs/testing'
import { readCorpus, writeCorpus } from './corpus.ts'
import { type MeasuredCode, measuredParts } from './coverage.ts'
import { type Finding, fuzz } from './fuzzer.ts'
import type { FuzzTarget } from './target.ts'
import { targets } from './targets.ts'

const usage = `npm run fuzz -- [--seconds N] [--target NAME ...] [--seed N] [--keep] [--input FILE --target NAME] [--list]

Each target runs for N seconds (default 10) on inputs made of its corpus. --keep writes the corpus back, made as small as it goes.
Findings are written to tools/fuzz/findings. --input runs one file through one target.`

const folder = resolve(process.env['KVS_FUZZ_FOLDER'] ?? 'tools/fuzz')

/** What is measured of this program: packages and programs, not the fuzzer. */
const measured: MeasuredCode = {
  isScript: url => url === `file://${process.argv[1]}`,
  isPlace: measuredParts(readFileSync(process.argv[1] as string, 'utf8'), path => /^(packages|apps)\//.test(path)),
}

const nameOf = (input: Uint8Array): string => createHash('sha256').update(input).digest('hex').slice(0, 16)

function writeFinding(target: FuzzTarget, { kind, message, input }: Finding): void {
  const place = join(folder, 'findings')
  mkdirSync(place, { recursive: true })
  const file = join(place, `${target.name}-${kind}-${nameOf(input)}`)
  writeFileSync(file, input)
  console.log(`  ${kind}: ${message}\n  ${input.length} bytes: npm run fuzz -- --target ${target.name} --input ${file}`)
}

async function runTarget(target: FuzzTarget, seconds: number, seed: number, keep: boolean): Promise<number> {
  const corpus = readCorpus(folder, target.name)
  const report = await fuzz({
    target,
    random: new SeededRandom(seed),
    corpus,
    seconds,
    measured,
    onProgress: line => console.log(`  ${line}`),
  })
  const rate = Math.round(report.executions / report.seconds)
  const crashes = report.findings.filter(({ kind }) => kind === 'crash').length
  const hangs = report.findings.length - crashes
  console.log(
    `${target.name.padEnd(9)} seed ${seed}, ${Math.round(report.seconds)} s: ${report.executions} executions, ${rate}/s, ${report.coverage} ranges, ${report.words} outcomes, corpus ${corpus.length} -> ${report.corpus.length}, ${crashes} crashes, ${hangs} hangs over 100 ms`,
  )
  for (const finding of report.findings) writeFinding(target, finding)
  if (keep && report.findings.length === 0) writeCorpus(folder, target.name, report.corpus)
  return report.findings.length
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      target: { type: 'string', multiple: true },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
      input: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  if (values.list) {
    for (const { name } of targets) console.log(name)
    return 0
  }
  const chosen = targets.filter(({ name }) => values.target === undefined || values.target.includes(name))
  const [only] = chosen
  if (only === undefined) throw new Error(`no such target; there are: ${targets.map(({ name }) => name).join(', ')}`)
  if (values.input !== undefined) {
    console.log(await only.run(new Uint8Array(readFileSync(values.input))))
    return 0
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
  let findings = 0
  for (const target of chosen) findings += await runTarget(target, Number(values.seconds), seed, values.keep)
  console.log(
    `tests: ${chosen.length - Math.min(chosen.length, findings)} passed, ${Math.min(chosen.length, findings)} failed, 0 skipped`,
  )
  return findings === 0 ? 0 : 1
}

// Refusals are errors, and most of what they cost is their stack.
Error.stackTraceLimit = 2
process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
})
// Timers of what was tried must not keep the program.
process.exit()
