import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { flags, removedFlags } from '../src/flag-table.ts'

/** The flags of the etcd that Debian has, 3.4.23, by name. */
const known = readFileSync(join(import.meta.dirname, 'testdata/etcd-3.4-flags.txt'), 'utf8')
  .trim()
  .split('\n')
const program = '/usr/bin/etcd'

test('of the flags of etcd 3.4 those are missing that 3.7 has not, each with its reason', () => {
  const missing = known.filter(name => !Object.hasOwn(flags, name))
  expect(missing).toEqual([
    ...['debug', 'discovery', 'discovery-proxy', 'enable-v2'],
    'experimental-backend-bbolt-freelist-type',
    ...[
      'experimental-compaction-batch-limit',
      'experimental-corrupt-check-time',
      'experimental-enable-lease-checkpoint',
    ],
    ...['experimental-enable-v2v3', 'experimental-initial-corrupt-check'],
    'experimental-peer-skip-client-san-verification',
    ...['experimental-warning-apply-duration', 'experimental-watch-progress-notify-interval'],
    ...['log-package-levels', 'proxy', 'proxy-dial-timeout', 'proxy-failure-wait', 'proxy-read-timeout'],
    ...['proxy-refresh-interval', 'proxy-write-timeout'],
  ])
  for (const name of missing)
    expect([name, removedFlags[name]]).toEqual([name, expect.stringMatching(/gone since|use --/)])
})

test('a reason names only flags that are there', () => {
  for (const reason of Object.values(removedFlags)) {
    for (const [, name = ''] of reason.matchAll(/--([a-z0-9-]+)/g)) expect(flags).toHaveProperty([name])
  }
})

test.skipIf(!existsSync(program))('the list is what etcd says (skipped where etcd is not installed)', () => {
  const { stdout } = spawnSync(program, ['--help'], { encoding: 'utf8' })
  const version = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout
  if (!version.startsWith('etcd Version: 3.4.')) return
  const said = [...stdout.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name]) => name)
  const ours = new Set(['version', 'config-file'])
  expect([...new Set(said)].filter(name => name !== undefined && !ours.has(name)).sort()).toEqual(known)
})
