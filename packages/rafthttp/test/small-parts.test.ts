import { SeededRandom, VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Attempt } from '../src/attempt.ts'
import { Backoff } from '../src/backoff.ts'
import { Deadline } from '../src/deadline.ts'
import { decodeHashKv, decodeHashKvRequest, encodeHashKv, encodeHashKvRequest } from '../src/hash-kv.ts'
import { formatPeerId, parsePeerId } from '../src/headers.ts'
import { Histogram, roundTripShape } from '../src/histogram.ts'
import { redialMsMax, redialMsMin } from '../src/limits.ts'
import { formatRfc3339, parseRfc3339 } from '../src/rfc3339.ts'
import { humanBytes } from '../src/snapshot-sender.ts'
import { isPeerUrl, UrlPicker } from '../src/url-picker.ts'
import { hasStreams, incompatibilityOf } from '../src/version.ts'

describe('times in JSON', () => {
  test('are what Date makes of them', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
        expect(formatRfc3339(date.getTime())).toBe(date.toISOString())
        expect(parseRfc3339(date.toISOString())).toBe(date.getTime())
      }),
    )
  })

  test('as Go writes them: nanoseconds and offsets', () => {
    const utc = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
    expect(parseRfc3339('2026-02-03T04:05:06.789Z')).toBe(utc)
    expect(parseRfc3339('2026-02-03T06:05:06.789000000+02:00')).toBeCloseTo(utc, 3)
    expect(parseRfc3339('2026-02-02T22:35:06.789-05:30')).toBe(utc)
    expect(parseRfc3339('2026-02-03T04:05:06Z')).toBe(utc - 789)
    for (const wrong of ['', 'now', '2026-13-03T04:05:06Z', '2026-02-03 04:05:06Z', '2026-02-03T25:05:06Z']) {
      expect(parseRfc3339(wrong)).toBeUndefined()
    }
  })
})

describe('versions', () => {
  const local = { server: '3.7.1', minCluster: '3.0.0' }
  test.each([
    ['3.7.1', '3.0.0', undefined],
    ['3.8.0', '3.7.0', undefined],
    ['3.0.0', '3.0.0', undefined],
    ['3.7.9-alpha.0+git', '3.0.0', undefined],
    ['2.3.8', '2.1.0', 'remote version is too low: remote[1]=2.3.8, local=3.7.1'],
    ['4.0.0', '3.8.0', 'local version is too low: remote[1]=4.0.0, local=3.7.1'],
    ['three', '3.0.0', 'remote version cannot be read: remote[1]=three, local=3.7.1'],
  ])('%s that needs %s', (server, minCluster, reason) => {
    expect(incompatibilityOf(local, { name: '1', server, minCluster })).toBe(reason)
  })

  test('streams of servers before 2.1 cannot be read', () => {
    expect([undefined, '2.0.5', '2.1.0', '3.7.1', '9.0.0', 'x'].map(remote => hasStreams(remote, '3.7.1'))).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
    ])
  })
})

describe('URLs of a peer', () => {
  test('one is used until it fails', () => {
    const picker = new UrlPicker(['http://a:1', 'http://b:2/'])
    expect(picker.pick()).toBe('http://a:1')
    picker.failed('http://a:1')
    // The second of two streams that failed together.
    picker.failed('http://a:1')
    expect(picker.pick()).toBe('http://b:2')
    picker.failed('http://b:2')
    expect(picker.pick()).toBe('http://a:1')
    picker.update(['https://c:3'])
    expect(picker.pick()).toBe('https://c:3')
  })

  test('what is none is refused', () => {
    expect(() => new UrlPicker([])).toThrow('a peer needs at least one URL')
    expect(() => new UrlPicker(['ftp://a'])).toThrow(`'ftp://a' is no URL of a peer`)
    expect(['unix://localhost:1', 'unixs:///run/x', 'http://[::1]:2380'].every(isPeerUrl)).toBe(true)
    expect(['http://', 'http://a?b', 'http://a b', 'a:1'].some(isPeerUrl)).toBe(false)
  })
})

describe('ids', () => {
  test('are hex without leading zeros', () => {
    expect(formatPeerId(0xcdf818194e3a8c32n)).toBe('cdf818194e3a8c32')
    expect(['0', 'FF', '00ff', 'ffffffffffffffff'].map(parsePeerId)).toEqual([0n, 255n, 255n, 2n ** 64n - 1n])
    expect(['', 'g', '-1', '0x1', '10000000000000000', '1'.repeat(65)].map(parsePeerId)).toEqual(
      Array.from({ length: 6 }, () => undefined),
    )
  })
})

describe('waiting', () => {
  test('the pause before an attempt doubles, has a limit and is never the same for all', () => {
    const backoff = new Backoff(new SeededRandom(3))
    const pauses = Array.from({ length: 40 }, () => backoff.nextMs())
    pauses.forEach((pause, at) => {
      const longest = Math.min(redialMsMin * 2 ** at, redialMsMax)
      expect(pause).toBeGreaterThan(longest / 2 - 1)
      expect(pause).toBeLessThanOrEqual(longest)
    })
    expect(new Set(pauses).size).toBeGreaterThan(20)
    backoff.reset()
    expect(backoff.nextMs()).toBeLessThanOrEqual(redialMsMin)
  })

  test('a deadline runs out when nothing was heard, and not before', () => {
    const clock = new VirtualClock()
    const at: number[] = []
    const deadline = new Deadline(clock, 1000, () => at.push(clock.now()))
    clock.advance(900)
    deadline.touch()
    clock.advance(900)
    deadline.touch()
    clock.advance(5000)
    expect(at).toEqual([2800])
    const extended = new Deadline(clock, 100, () => at.push(clock.now()))
    extended.extend(700)
    clock.advance(10_000)
    expect(at[1]).toBe(7500)
    const stopped = new Deadline(clock, 100, () => at.push(clock.now()))
    stopped.stop()
    clock.advance(1000)
    expect(at.length).toBe(2)
    expect(clock.nextAt()).toBeUndefined()
  })

  test('an attempt ends with its time, or with what is around it', () => {
    const clock = new VirtualClock()
    const outer = new AbortController()
    const late = new Attempt(clock, 50, 'dial x', outer.signal)
    const inner = new Attempt(clock, undefined, 'dial x', outer.signal)
    clock.advance(50)
    expect(late.signal.reason).toMatchObject({ code: 'TIMEOUT', message: 'dial x: i/o timeout' })
    outer.abort(new Error('over'))
    expect(inner.signal.reason).toMatchObject({ message: 'over' })
    expect(new Attempt(clock, 5, 'x', outer.signal).signal.aborted).toBe(true)
    const done = new Attempt(clock, 5, 'x')
    done.done()
    clock.advance(10)
    expect(done.signal.aborted).toBe(false)
  })
})

describe('figures', () => {
  test('round trips are counted in the buckets of etcd', () => {
    const histogram = new Histogram(roundTripShape)
    expect(histogram.bounds.length).toBe(16)
    expect(histogram.bounds.at(-1)).toBeCloseTo(3.2768)
    for (const seconds of [0.00005, 0.0001, 0.00015, 4]) histogram.observe(seconds)
    expect([histogram.count, histogram.counts[0], histogram.counts[1]]).toEqual([4, 2, 1])
    expect(histogram.counts.reduce((sum, count) => sum + count)).toBe(3)
    expect(histogram.sumSeconds).toBeCloseTo(4.0003)
  })

  test('sizes as logs show them', () => {
    expect([0, 82, 999, 1000, 9940, 9960, 82_854_982, 5e12].map(humanBytes)).toEqual([
      '0 B',
      '82 B',
      '999 B',
      '1.0 kB',
      '9.9 kB',
      '10 kB',
      '83 MB',
      '5.0 TB',
    ])
  })
})

describe('hashes on the wire', () => {
  test('are what Go writes and reads', () => {
    const value = { clusterId: 2n ** 64n - 1n, memberId: 5n, revision: 8, raftTerm: 0, hash: 0, compactRevision: 3 }
    expect(encodeHashKv({ ...value, hashRevision: 8 })).toBe(
      '{"header":{"cluster_id":18446744073709551615,"member_id":5,"revision":8},"compact_revision":3,"hash_revision":8}',
    )
    const quantity = fc.maxSafeNat()
    const id = fc.bigInt(0n, 2n ** 64n - 1n)
    const record = fc.record({
      clusterId: id,
      memberId: id,
      revision: quantity,
      raftTerm: quantity,
      hash: fc.nat(2 ** 32 - 1),
      compactRevision: fc.oneof(quantity, fc.constant(-1)),
      hashRevision: quantity,
    })
    fc.assert(
      fc.property(record, hash => {
        expect(decodeHashKv(encodeHashKv(hash))).toEqual(hash)
      }),
    )
  })

  test('what is none is refused', () => {
    for (const wrong of ['', '[]', 'null', '{"hash":', '404 page not found']) {
      expect(() => decodeHashKv(wrong)).toThrow('no answer with a hash')
      expect(decodeHashKvRequest(wrong)).toBeUndefined()
    }
    expect(['{}', '{"revision":7}', encodeHashKvRequest(9), '{"revision":"7"}'].map(decodeHashKvRequest)).toEqual([
      0,
      7,
      9,
      undefined,
    ])
  })
})
