/** The fuzzer on targets with planted faults; prints its report as JSON. */
import { readFileSync } from 'node:fs'
import { SeededRandom } from '@kvs/testing'
import { measuredParts } from '../coverage.ts'
import { fuzz } from '../fuzzer.ts'
import { plantedTarget, slowTarget } from './planted-target.ts'

const [, program = '', what] = process.argv
const isPlace = measuredParts(readFileSync(program, 'utf8'), path => path.endsWith('planted-target.ts'))
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

const report = await fuzz({
  target: what === 'slow' ? slowTarget : plantedTarget,
  random: new SeededRandom(1),
  corpus: what === 'corpus' ? ['fuz.....', 'fuzz....', 'fu......', '........', 'fuzy....'].map(bytes) : [],
  seconds: 60,
  maxExecutions: what === 'slow' ? 100 : what === 'corpus' ? 100 : 300_000,
  measured: { isScript: url => what !== 'blind' && url === `file://${program}`, isPlace },
})
console.log(JSON.stringify(report))
