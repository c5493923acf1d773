// @ts-check
// The program as its users meet it: real processes on real ports, driven by the real etcdctl and by kvsctl.
// apt: etcd-server etcd-client
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail, workspaceRoot } from '../run/command.mjs'
import { badInput } from './end-to-end/bad-input.mjs'
import {
  etcdctl,
  etcdctlProgram,
  freePorts,
  inFolder,
  kvsctl,
  kvsctlProgram,
  memberFlags,
  startServer,
} from './end-to-end/programs.mjs'
import { quickStart } from './end-to-end/quick-start.mjs'
import { Suite } from './end-to-end/suite.mjs'

await build([]).catch(fail)

const suite = new Suite()

await suite.check('npm start, from the repository', () =>
  inFolder(async folder => {
    const ports = await freePorts()
    const script = join(workspaceRoot, 'tools/run/start.mjs')
    const server = await startServer(process.execPath, [script, ...memberFlags(join(folder, 'data'), ports)])
    const response = await fetch(`http://127.0.0.1:${ports.client}/health`)
    assert.equal(response.status, 200)
    assert.equal((await server.end('SIGTERM')).signal, 'SIGTERM')
  }),
)
if (existsSync(etcdctlProgram)) await quickStart(suite, etcdctl)
else suite.skip('the quick start with etcdctl', `${etcdctlProgram} is not installed`)
if (existsSync(kvsctlProgram)) await quickStart(suite, kvsctl)
else suite.skip('the quick start with kvsctl', `${kvsctlProgram} was not built`)
await badInput(suite)

process.exitCode = suite.conclude()
