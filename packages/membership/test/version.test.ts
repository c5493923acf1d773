import { expect, test } from 'vitest'
import {
  canJoinCluster,
  checkDowngradeTarget,
  compareVersions,
  decideClusterVersion,
  formatMajorMinor,
  formatVersion,
  hasCapability,
  isDowngradeDone,
  parseVersion,
} from '../src/index.ts'

const decide = (
  cluster: string | undefined,
  servers: (string | undefined)[],
  downgradeTo?: string,
): string | undefined => {
  const decided = decideClusterVersion({
    clusterVersion: cluster === undefined ? undefined : parseVersion(cluster),
    serverVersions: servers.map(text => (text === undefined ? undefined : parseVersion(text))),
    downgrade: downgradeTo === undefined ? undefined : { targetVersion: downgradeTo, isEnabled: true },
  })
  return decided === undefined ? undefined : formatVersion(decided)
}

test('versions as text', () => {
  expect(parseVersion('3.7')).toEqual({ major: 3, minor: 7, patch: 0, suffix: '' })
  for (const text of ['3.7.1', '3.8.0-alpha.0', '3.6.0+git']) expect(formatVersion(parseVersion(text))).toBe(text)
  expect(formatMajorMinor(parseVersion('3.7.1'))).toBe('3.7')
  for (const text of ['', '3', 'v3.7.1', '3.7.1.2', '3.x', '3.7-rc', ' 3.7', '3.7.1-']) {
    expect(() => parseVersion(text), text).toThrow(expect.objectContaining({ code: 'BAD_VERSION' }))
  }
  expect(compareVersions(parseVersion('3.10.0'), parseVersion('3.9.9'))).toBeGreaterThan(0)
})

test('the cluster version is the lowest server version', () => {
  expect(decide(undefined, ['3.7.1', '3.6.4'])).toBe('3.6.0')
  expect(decide(undefined, ['3.7.1', undefined])).toBe('3.0.0')
  expect(decide('3.0.0', ['3.7.1', '3.7.2'])).toBe('3.7.0')
  expect(decide('3.6.0', ['3.7.1', undefined])).toBeUndefined()
  expect(decide('3.6.0', ['3.7.1', '3.6.9'])).toBeUndefined()
  expect(decide('3.7.0', ['3.7.1', '3.6.9'])).toBeUndefined()
  expect(decide('3.7.0', ['4.0.0'])).toBeUndefined()
  expect(decide('3.7.0', [])).toBeUndefined()
})

test('a downgrade lowers it while all servers run the old version', () => {
  expect(decide('3.7.0', ['3.7.1', '3.7.0'], '3.6.0')).toBe('3.6.0')
  expect(decide('3.7.0', ['3.7.1', '3.6.0'], '3.6.0')).toBeUndefined()
  expect(decide('3.7.0', ['3.7.1', undefined], '3.6.0')).toBeUndefined()
  // Once it is down it is not raised again, although all servers would allow it.
  expect(decide('3.6.0', ['3.7.1', '3.7.1'], '3.6.0')).toBeUndefined()
  expect(decide('3.7.0', ['3.7.1'], '3.5.0')).toBeUndefined()
  const state = (servers: string[], isEnabled = true) => ({
    clusterVersion: parseVersion('3.6.0'),
    serverVersions: servers.map(parseVersion),
    downgrade: { targetVersion: '3.6.0', isEnabled },
  })
  expect(isDowngradeDone(state(['3.6.1', '3.6.2']))).toBe(true)
  expect(isDowngradeDone(state(['3.6.1', '3.7.2']))).toBe(false)
  expect(isDowngradeDone(state(['3.6.1'], false))).toBe(false)
})

test('downgrade targets, joining, capabilities', () => {
  const v = parseVersion
  expect(() => checkDowngradeTarget(v('3.7.0'), v('3.6.5'))).not.toThrow()
  for (const target of ['3.7.0', '3.5.0', '3.8.0', '2.6.0']) {
    expect(() => checkDowngradeTarget(v('3.7.0'), v(target))).toThrow(
      expect.objectContaining({ code: 'BAD_DOWNGRADE_TARGET' }),
    )
  }
  expect(canJoinCluster(v('3.7.0'), { version: v('3.6.0') })).toBe(true)
  expect(canJoinCluster(v('3.6.9'), { version: v('3.7.0') })).toBe(false)
  const downgrade = { targetVersion: '3.6.0', isEnabled: true }
  expect(canJoinCluster(v('3.6.9'), { version: v('3.7.0'), downgrade })).toBe(true)
  expect(canJoinCluster(v('3.5.9'), { version: v('3.7.0'), downgrade })).toBe(false)
  expect(hasCapability(undefined, 'auth')).toBe(false)
  expect(hasCapability(v('2.3.0'), 'v3rpc')).toBe(false)
  expect(hasCapability(v('3.0.0'), 'v3rpc')).toBe(true)
})
