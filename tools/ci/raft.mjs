// @ts-check
// The raft package beyond its tests: every planted fault is found, and the tests reach the branches they promise.
// Prints the figures of both, and their sum as its last line.
import { spawnSync } from 'node:child_process'
import { workspaceRoot } from '../run/command.mjs'

let passed = 0
let failed = 0

for (const script of ['faults', 'coverage']) {
  const { status, stdout, stderr } = spawnSync('npx', ['pnpm', '--filter', '@kvs/raft', script], {
    cwd: workspaceRoot,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const lines = stdout.split('\n').filter(line => /^(ok|FAIL) |All files|ERROR:|Tests /.test(line.trim()))
  console.log(`${script}:\n${lines.join('\n')}`)
  const figures = /tests: (\d+) passed, (\d+) failed/.exec(stdout)
  if (figures !== null) {
    passed += Number(figures[1])
    failed += Number(figures[2])
  } else if (status === 0) passed++
  if (status !== 0 && (figures === null || Number(figures[2]) === 0)) {
    failed++
    console.log(stderr.trim())
  }
}

console.log(`tests: ${passed} passed, ${failed} failed, 0 skipped`)
process.exitCode = failed > 0 ? 1 : 0
