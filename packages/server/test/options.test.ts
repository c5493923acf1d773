import { KV, Watch } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { raftConfig } from '../src/consensus/raft-config.ts'
import * as limits from '../src/limits.ts'
import { defaultOptions, grpcOptions, type MemberOptions } from '../src/options.ts'
import { keepingLogger } from './log.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

const withOptions = (options: Partial<MemberOptions>): MemberOptions => ({
  ...defaultOptions,
  dataDir: '/data',
  ...options,
})

describe('gRPC', () => {
  test('etcd’s defaults', () => {
    expect(grpcOptions(withOptions({}))).toEqual({
      limits: { maxReceiveBytes: 1_572_864 + 512 * 1024 },
      pingPolicy: { minIntervalMs: 5000, permitWithoutStreams: false },
      keepalive: { intervalMs: 7_200_000, timeoutMs: 20_000, permitWithoutStreams: true },
    })
  })

  test('zeros leave gRPC its own figures', () => {
    const options = withOptions({ grpcKeepaliveMinTimeMs: 0, grpcKeepaliveTimeoutMs: 0, maxConcurrentStreams: 7 })
    expect(grpcOptions(options)).toEqual({
      limits: { maxReceiveBytes: 1_572_864 + 512 * 1024 },
      http2Limits: { maxConcurrentStreams: 7 },
    })
  })
})

test('pre-vote can be off', () => {
  const world = new World()
  const parts = { id: 1n, storage: undefined as never, random: world.random, logger: keepingLogger([]) }
  expect([true, false].map(preVote => raftConfig({ ...parts, options: withOptions({ preVote }) }).preVote)).toEqual([
    true,
    false,
  ])
  world.close()
})

describe('a member', () => {
  let world: World
  let member: TestMember | undefined

  beforeEach(() => {
    world = new World()
    member = undefined
  })
  afterEach(async () => {
    expect(world.fatal).toEqual([])
    await member?.member.stop()
    world.close()
  })

  async function start(options: Partial<MemberOptions>): Promise<TestMember> {
    member = await world.start(options)
    return member
  }

  const put = async (count: number): Promise<void> => {
    const value = new Uint8Array(400)
    for (let i = 0; i < count; i++) await member?.call(KV.put, { key: bytesOf(`k${i}`), value })
  }

  test.each([
    [2, 1, 3],
    [0, 8, 20],
  ])('told to keep %d segments of the log has %d to %d (0: all)', async (maxWals, least, most) => {
    await start({ maxWals, walSegmentBytes: 16_384, snapshotCount: 10 })
    for (let round = 0; round < 10; round++) {
      await put(40)
      await world.advance(200)
    }
    const segments = (await world.disk.readDir('/data/member/wal')).filter(name => name.endsWith('.wal'))
    expect(segments.length).toBeGreaterThanOrEqual(least)
    expect(segments.length).toBeLessThanOrEqual(most)
  })

  test('has its log elsewhere if told so, and finds it again', async () => {
    const options = { walDir: '/far/away/log/' }
    const first = await start(options)
    await put(3)
    await first.member.stop()
    expect((await world.disk.readDir('/far/away/log')).some(name => name.endsWith('.wal'))).toBe(true)
    expect(await world.disk.stat('/data/member/wal')).toBeUndefined()
    const again = await start(options)
    expect((await again.call(KV.range, { key: bytesOf('k2') })).kvs).toHaveLength(1)
    // The log is what says who the member is.
    await again.member.stop()
    member = undefined
    await expect(world.start({})).rejects.toThrow(
      /^the state file contains entry \d+, but there is no log in '\/data\/member\/wal': is --wal-dir the one/,
    )
    expect(await world.disk.stat('/data/member/wal')).toBeUndefined()
  })

  test('a directory of somebody else’s does not become its log', async () => {
    await world.disk.makeDir('/somewhere')
    await (await world.disk.open('/somewhere/letter', { mode: 'create' })).close()
    await expect(world.start({ walDir: '/somewhere' })).rejects.toThrow(
      "'/somewhere' (--wal-dir) holds no log, but 'letter': it must be empty or missing",
    )
    expect(await world.disk.readDir('/somewhere')).toEqual(['letter'])
  })

  test('a client opens no more calls at once than it may', async () => {
    const { channel, ...rest } = await start({ maxConcurrentStreams: 1 })
    const watching = rest.member === undefined ? undefined : member?.stream(Watch.watch)
    watching?.send({ createRequest: { key: bytesOf('k') } })
    await watching?.next()
    let isAnswered = false
    const answer = channel.call(KV.range.path, KV.range.encodeRequest({ key: bytesOf('k') })).then(() => {
      isAnswered = true
    })
    await world.settled()
    expect(isAnswered).toBe(false)
    watching?.cancel()
    await answer
    expect(isAnswered).toBe(true)
  })

  test.each<[Partial<MemberOptions>, string]>([
    [{ autoCompactionRetention: -1 }, '--auto-compaction-retention must not be negative'],
    [{ compactionBatchLimit: 0 }, '--compaction-batch-limit must not be negative'],
    [{ maxConcurrentStreams: 0 }, '--max-concurrent-streams must be at least 1'],
  ])('%o is refused', async (options, text) => {
    await expect(world.start(options)).rejects.toThrow(text)
  })
})

test('the default of concurrent streams stands for the engine’s own bound', () => {
  expect(defaultOptions.maxConcurrentStreams).toBe(limits.unlimitedStreams)
  expect(grpcOptions(withOptions({})).http2Limits).toBeUndefined()
})
