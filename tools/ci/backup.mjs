// @ts-check
// A backup of kvs in the hands of the real tools, as `npm run proof -- backup` has it.
// apt: etcd-server etcd-client
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail, workspaceRoot } from '../run/command.mjs'
import { runProgram } from '../run/programs.mjs'

await build([]).catch(fail)
const program = { name: 'backup', file: join(workspaceRoot, 'tools/proof/backup.ts') }
process.exitCode = await runProgram(program, [], chunk => process.stdout.write(chunk))
