import { KV } from '@kvs/proto/rpc'
import type { CrashMode } from '@kvs/vfs'
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const key = bytesOf('k')

/**
 * A member that was away gets a snapshot and installs it; the `at`th call of its disk does not return, and then it ends.
 * Resolves with whether there were so many calls.
 */
async function crashAt(at: number, how: CrashMode | undefined): Promise<boolean> {
  cluster = new Cluster(1000 + at)
  await cluster.found(3, { snapshotCount: 5, snapshotCatchupEntries: 0 })
  const [behind] = cluster.followers as readonly [Machine]
  behind.crash()
  for (let i = 0; i < 12; i++) await cluster.leader.call(KV.put, { key, value: bytesOf(`${i}`) })
  let calls = 0
  let isReceiving = false
  behind.holds = ({ path }) => {
    // From the file it is received into until a while after everything is in its place.
    isReceiving ||= path.endsWith('.snap.db')
    return isReceiving && calls++ >= at
  }
  behind.start().catch(() => {})
  const isOver = (): boolean =>
    behind.heldCalls > 0 || cluster.log.some(({ message }) => message === 'applied snapshot')
  await cluster.untilHolds(isOver)
  await cluster.advance(300)
  const isHeld = behind.heldCalls > 0
  behind.crash(how)
  behind.letGo()
  await cluster.leader.call(KV.put, { key, value: bytesOf('last') })
  await cluster.until(behind.start())
  const { kvs } = await behind.call(KV.range, { key })
  expect(new TextDecoder().decode(kvs[0]?.value), `call ${at}`).toBe('last')
  expect(behind.fatal, `call ${at}`).toEqual([])
  await cluster.stop()
  const left = (await behind.disk.kill().readDir('/data/member/snap')).filter(name => name !== 'db')
  expect(left, `call ${at}`).toEqual([])
  return isHeld
}

const modes: readonly { readonly mode: CrashMode | 'kill'; readonly first: number }[] = (
  ['kill', 'lose-all', 'keep-random'] as const
).flatMap(mode => [0, 1].map(first => ({ mode, first })))

describe('a crash at every call of the disk while a snapshot is received and installed', () => {
  test.each(modes)('$mode, every second call from $first on', async ({ mode, first }) => {
    let at = first
    while (await crashAt(at, mode === 'kill' ? undefined : mode)) at += 2
    expect(at).toBeGreaterThan(15)
  })
})
