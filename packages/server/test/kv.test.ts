import {
  KV,
  RangeRequestSortOrder as Order,
  type RangeRequestInit,
  RangeRequestSortTarget as Target,
} from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const put = (key: string, value = '') => member.call(KV.put, { key: bytesOf(key), value: bytesOf(value) })
const range = (key: string, init: Omit<RangeRequestInit, 'key' | 'rangeEnd'> & { readonly end?: string } = {}) => {
  const { end = '', ...rest } = init
  return member.call(KV.range, { key: bytesOf(key), rangeEnd: bytesOf(end), ...rest })
}
/** Keys with their values, as one line. */
const pairs = async (...args: Parameters<typeof range>): Promise<string> =>
  (await range(...args)).kvs.map(kv => `${textOf(kv.key)}=${textOf(kv.value)}`).join(' ')
const refused = (key: string, init: RangeRequestInit) => member.refusal(KV.range, { key: bytesOf(key), ...init })

const compacted = '11 etcdserver: mvcc: required revision has been compacted'
const future = '11 etcdserver: mvcc: required revision is a future revision'

describe('Range', () => {
  beforeEach(async () => {
    // Revisions 2 to 6, and a later version of `b` at 7.
    for (const [key, value] of ['a9', 'b2', 'c7', 'd1', 'e5', 'b3']) await put(key as string, value)
  })

  test('a fresh store is at revision 1, and each put adds one', async () => {
    const { header } = await range('a')
    expect(header?.revision).toBe(7)
    expect(header?.raftTerm).toBe(2)
    expect([header?.memberId, header?.clusterId]).toEqual([member.member.id, member.member.clusterId])
  })

  test.each<[string, string, string, string]>([
    ['one key', 'b', '', 'b=3'],
    ['a missing key', 'x', '', ''],
    ['an interval', 'b', 'd', 'b=3 c=7'],
    ['from a key on', 'd', '\0', 'd=1 e=5'],
    ['everything', '\0', '\0', 'a=9 b=3 c=7 d=1 e=5'],
    ['an end before the key', 'd', 'b', ''],
    ['an end that is the key', 'b', 'b', ''],
  ])('%s', async (_what, key, end, wanted) => {
    expect(await pairs(key, { end })).toBe(wanted)
  })

  test('revisions: 0 and negative are the newest, and the header always shows the newest', async () => {
    expect(await pairs('b', { revision: -5 })).toBe('b=3')
    expect(await pairs('b', { revision: 6 })).toBe('b=2')
    expect((await range('b', { revision: 6 })).header?.revision).toBe(7)
    expect(await pairs('b', { revision: 2 })).toBe('')
    expect(await refused('b', { revision: 8 })).toBe(future)
  })

  test('limits: the rest is counted and announced', async () => {
    const answer = await range('a', { end: 'z', limit: 2 })
    expect([answer.kvs.length, answer.count, answer.more]).toEqual([2, 5, true])
    expect((await range('a', { end: 'z', limit: 5 })).more).toBe(false)
    expect((await range('a', { end: 'z', limit: -1 })).kvs).toHaveLength(5)
  })

  test('sorting by every target, both ways', async () => {
    const sorted = (sortTarget: Target, sortOrder: Order, limit = 0): Promise<string> =>
      pairs('a', { end: 'z', sortTarget, sortOrder, limit })
    expect(await sorted(Target.KEY, Order.DESCEND)).toBe('e=5 d=1 c=7 b=3 a=9')
    expect(await sorted(Target.VALUE, Order.ASCEND)).toBe('d=1 b=3 e=5 c=7 a=9')
    expect(await sorted(Target.VALUE, Order.DESCEND, 2)).toBe('a=9 c=7')
    expect(await sorted(Target.VALUE, Order.NONE)).toBe('d=1 b=3 e=5 c=7 a=9')
    expect(await sorted(Target.MOD, Order.DESCEND, 1)).toBe('b=3')
    expect(await sorted(Target.CREATE, Order.ASCEND, 1)).toBe('a=9')
    expect((await sorted(Target.VERSION, Order.DESCEND)).startsWith('b=3')).toBe(true)
  })

  test('filters by revision do not change the count', async () => {
    const all = { end: 'z' }
    expect(await pairs('a', { ...all, minModRevision: 5 })).toBe('b=3 d=1 e=5')
    expect(await pairs('a', { ...all, maxModRevision: 4 })).toBe('a=9 c=7')
    expect(await pairs('a', { ...all, minCreateRevision: 4, maxCreateRevision: 5 })).toBe('c=7 d=1')
    expect(await pairs('a', { ...all, maxModRevision: -1 })).toBe('')
    expect((await range('a', { ...all, minModRevision: 6 })).count).toBe(5)
  })

  test('only the count, or only the keys', async () => {
    const counted = await range('a', { end: 'z', countOnly: true, limit: 2 })
    expect([counted.kvs.length, counted.count, counted.more]).toEqual([0, 5, false])
    const { kvs } = await range('b', { keysOnly: true })
    expect(kvs.map(kv => [textOf(kv.key), kv.value.length, kv.version, kv.modRevision])).toEqual([['b', 0, 2, 7]])
  })

  test('serializable reads answer too', async () => {
    expect(await pairs('b', { serializable: true })).toBe('b=3')
  })

  test('bad requests', async () => {
    expect(await refused('', {})).toBe('3 etcdserver: key is not provided')
    expect(await refused('a', { sortOrder: 7 as never })).toBe('3 etcdserver: invalid sort option')
  })
})

describe('wide ranges are read in slices', () => {
  const count = 10_000
  const nameOf = (number: number): string => `k${String(number).padStart(5, '0')}`

  beforeEach(async () => {
    const keys = Array.from({ length: count }, (_, i) => nameOf(i))
    await Promise.all(keys.map(key => put(key, 'v')))
  })

  test('all of it comes, in order, as of one revision, while writes go on', async () => {
    const reading = range('k', { end: 'l' })
    const writing = Promise.all([put('k00000', 'later'), put('k09999', 'later')])
    const { kvs, count: counted, more } = await reading
    await writing
    expect([kvs.length, counted, more]).toEqual([count, count, false])
    const keys = kvs.map(kv => textOf(kv.key))
    expect(keys).toEqual([...keys].sort())
    expect(new Set(kvs.map(kv => textOf(kv.value))).size).toBe(1)
  })

  test('many at once, long and short, do not mix, though their bytes are used again and again', async () => {
    for (let round = 0; round < 3; round++) {
      const wanted = Array.from({ length: 30 }, (_, i) => ({ first: i * 97 + round, length: 1 + i * 200 }))
      const answers = await Promise.all(
        wanted.map(({ first, length }) => range(nameOf(first), { end: nameOf(first + length) })),
      )
      for (const [i, { first, length }] of wanted.entries()) {
        const keys = answers[i]?.kvs.map(kv => textOf(kv.key))
        expect(keys).toEqual(Array.from({ length }, (_, at) => nameOf(first + at)))
      }
    }
  })

  test('other requests are answered in between', async () => {
    const order: string[] = []
    const wide = range('k', { end: 'l' }).then(() => order.push('wide'))
    const small = range('k00001').then(() => order.push('small'))
    await Promise.all([wide, small])
    expect(order).toEqual(['small', 'wide'])
  })

  test('sorted and limited ones give the same', async () => {
    const { kvs, more } = await range('k', { end: 'l', sortOrder: Order.DESCEND, limit: 5000 })
    expect([kvs.length, more, textOf(kvs[0]?.key as Uint8Array)]).toEqual([5000, true, 'k09999'])
  })

  test('a reader who goes away at any moment holds nothing back', async () => {
    world.lookCostMs = 3
    const request = KV.range.encodeRequest({ key: bytesOf('k'), rangeEnd: bytesOf('l') })
    let answered = 0
    for (let steps = 0; answered < 3; steps++) {
      const call = member.channel.unary(KV.range.path, request, {}, error => {
        if (error === undefined) answered++
      })
      member.channel.flush()
      for (let i = 0; i < steps; i++) world.clock.step()
      call.cancel()
      await world.settled()
    }
    world.lookCostMs = 0
    const { revision } = (await put('k00000', 'later')).header as { revision: number }
    // Answered only once everything below is scrubbed, for which no reader may be in the way.
    await member.call(KV.compact, { revision, physical: true })
    expect(await refused('k00000', { revision: revision - 1 })).toBe(compacted)
  })

  test('deleting all of it is one revision, and readers see it whole or not at all', async () => {
    const before = (await range('k')).header?.revision as number
    const deleting = member.call(KV.deleteRange, { key: bytesOf('k'), rangeEnd: bytesOf('l'), prevKv: true })
    const counts = new Set<number>()
    let done = false
    const { deleted, prevKvs, header } = await Promise.all([
      deleting.finally(() => {
        done = true
      }),
      (async () => {
        while (!done) counts.add((await range('k', { end: 'l', countOnly: true, serializable: true })).count)
      })(),
    ]).then(([answer]) => answer)
    expect([deleted, prevKvs.length, header?.revision]).toEqual([count, count, before + 1])
    expect([...counts].every(seen => seen === count || seen === 0)).toBe(true)
    expect((await range('k', { end: 'l', revision: before })).count).toBe(count)
  })
})

describe('Put', () => {
  test('creates, overwrites and tells what was there', async () => {
    const first = await member.call(KV.put, { key: bytesOf('k'), value: bytesOf('1'), prevKv: true })
    expect([first.header?.revision, first.prevKv]).toEqual([2, undefined])
    const second = await member.call(KV.put, { key: bytesOf('k'), value: bytesOf('2'), prevKv: true })
    expect(textOf(second.prevKv?.value as Uint8Array)).toBe('1')
    const { kvs } = await range('k')
    expect(kvs.map(({ createRevision, modRevision, version }) => [createRevision, modRevision, version])).toEqual([
      [2, 3, 2],
    ])
  })

  test('ignore_value and ignore_lease keep what is there', async () => {
    await put('k', 'v')
    await member.call(KV.put, { key: bytesOf('k'), ignoreValue: true })
    await member.call(KV.put, { key: bytesOf('k'), value: bytesOf('w'), ignoreLease: true })
    const { kvs } = await range('k')
    expect(kvs.map(kv => [textOf(kv.value), kv.version])).toEqual([['w', 3]])
  })

  test.each([
    [{ value: bytesOf('v') }, '3 etcdserver: key is not provided'],
    [{ key: bytesOf('k'), value: bytesOf('v'), ignoreValue: true }, '3 etcdserver: value is provided'],
    [{ key: bytesOf('k'), lease: 5n, ignoreLease: true }, '3 etcdserver: lease is provided'],
    [{ key: bytesOf('k'), ignoreValue: true }, '3 etcdserver: key not found'],
    [{ key: bytesOf('k'), ignoreLease: true }, '3 etcdserver: key not found'],
    [{ key: bytesOf('k'), lease: 5n }, '5 etcdserver: requested lease not found'],
    [{ key: bytesOf('k'), lease: 5n, ignoreValue: true }, '5 etcdserver: requested lease not found'],
  ])('%o is refused, and the revision stays', async (request, wanted) => {
    expect(await member.refusal(KV.put, request)).toBe(wanted)
    expect((await range('k')).header?.revision).toBe(1)
  })
})

describe('DeleteRange', () => {
  test('deleting nothing does not move the revision', async () => {
    const { deleted, header } = await member.call(KV.deleteRange, { key: bytesOf('k') })
    expect([deleted, header?.revision]).toEqual([0, 1])
  })

  test('tells what was deleted, and a key begins a new life', async () => {
    await put('a', '1')
    await put('b', '2')
    const request = { key: bytesOf('a'), rangeEnd: bytesOf('\0'), prevKv: true }
    const { deleted, prevKvs, header } = await member.call(KV.deleteRange, request)
    expect([deleted, prevKvs.map(kv => textOf(kv.value)), header?.revision]).toEqual([2, ['1', '2'], 4])
    await put('a', '3')
    const { kvs } = await range('a')
    expect(kvs.map(({ createRevision, version }) => [createRevision, version])).toEqual([[5, 1]])
  })

  test('needs a key', async () => {
    expect(await member.refusal(KV.deleteRange, {})).toBe('3 etcdserver: key is not provided')
  })
})

describe('Compact', () => {
  beforeEach(async () => {
    for (let i = 0; i < 5; i++) await put('k', String(i))
  })

  test('reads below are refused, the revision itself can be read', async () => {
    const { header } = await member.call(KV.compact, { revision: 4 })
    expect(header?.revision).toBe(6)
    expect(await refused('k', { revision: 3 })).toBe(compacted)
    expect(await pairs('k', { revision: 4 })).toBe('k=2')
  })

  test('forward only, and not beyond the present', async () => {
    await member.call(KV.compact, { revision: 0 })
    expect(await member.refusal(KV.compact, { revision: 0 })).toBe(compacted)
    expect(await member.refusal(KV.compact, { revision: -1 })).toBe(compacted)
    await member.call(KV.compact, { revision: 6 })
    expect(await member.refusal(KV.compact, { revision: 6 })).toBe(compacted)
    expect(await member.refusal(KV.compact, { revision: 7 })).toBe(future)
  })

  test('physical: answered when the old records are gone', async () => {
    const { header } = await member.call(KV.compact, { revision: 6, physical: true })
    expect(header?.revision).toBe(6)
    expect(await pairs('k')).toBe('k=4')
  })
})
