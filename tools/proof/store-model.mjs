// @ts-check
// npm run proof -- store-model [OPERATIONS]: random operations on the store and on a naive model of it, in memory with the
// smallest limits, and on a real state file with commits, defragmentations and restarts in between. 200 000 each.
import { join } from 'node:path'
import { localProgram, runCommand, workspaceRoot } from '../run/command.mjs'

const operations = process.argv[2] ?? '200000'
const tests = ['model.property.test.ts', 'metamorphic.property.test.ts', 'state-file.property.test.ts']
const { status } = await runCommand(localProgram('vitest'), ['run', ...tests.map(test => `test/${test}`)], {
  cwd: join(workspaceRoot, 'packages/mvcc'),
  env: { KVS_MODEL_OPERATIONS: operations, NO_COLOR: '1' },
  onOutput: chunk => process.stdout.write(chunk),
})
console.log(`${operations} operations on each: ${status === 0 ? 'the store and the model agree' : 'they DIFFER'}`)
process.exitCode = status
