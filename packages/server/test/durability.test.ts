import { AlarmRequestAlarmAction, AlarmType, KV, Lease, Maintenance } from '@kvs/proto/rpc'
import { type CrashMode, faultFs } from '@kvs/vfs'
import { describe, expect, test } from 'vitest'
import type { MemberOptions } from '../src/options.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf, del, put } from './messages.ts'

const everything = { key: bytesOf('\0'), rangeEnd: bytesOf('\0') }
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Everything a client can see, as one line: keys with their revisions, leases, the revision. */
async function seen(member: TestMember): Promise<string> {
  const { kvs, header } = await member.call(KV.range, everything)
  const { leases } = await member.call(Lease.leaseLeases, {})
  const pairs = kvs.map(kv => `${textOf(kv.key)}=${textOf(kv.value)}@${kv.modRevision}/${kv.version}/${kv.lease}`)
  return `${pairs.join(' ')} leases ${leases.map(({ id }) => id).join(',')} @${header?.revision}`
}

/** Writes of every kind, one after the other. */
const writes: readonly ((member: TestMember) => Promise<unknown>)[] = [
  member => member.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') }),
  member => member.call(KV.put, { key: bytesOf('b'), value: bytesOf('x'.repeat(3000)) }),
  member => member.call(Lease.leaseGrant, { id: 7n, ttl: 60 }),
  member => member.call(KV.put, { key: bytesOf('a'), value: bytesOf('2'), lease: 7n }),
  member => member.call(KV.txn, { success: [put('c', '3'), del('b')] }),
  member => member.call(Lease.leaseRevoke, { id: 7n }),
  member => member.call(KV.put, { key: bytesOf('d'), value: bytesOf('4') }),
]

describe('a restart finds everything', () => {
  test.each([
    ['after an orderly stop', true],
    ['after a kill', false],
  ])('%s', async (_how, stops) => {
    let world = new World()
    let member = await world.start()
    for (const write of writes) await write(member)
    const before = await seen(member)
    for (let life = 0; life < 3; life++) {
      if (stops) await member.member.stop()
      world = world.kill()
      member = await world.start()
      expect(await seen(member)).toBe(before)
    }
    expect(member.member.clusterId).not.toBe(0n)
    await member.member.stop()
    world.close()
  })

  test('ids and terms: the member stays who it is, terms rise, revisions go on', async () => {
    let world = new World()
    const first = await world.start()
    const { header: before } = await first.call(KV.put, { key: bytesOf('a') })
    world = world.kill()
    // What the options say about the first start no longer counts.
    const second = await world.start({ initialCluster: 'default=http://10.9.9.9:2380', initialClusterToken: 'other' })
    const { header: after } = await second.call(KV.put, { key: bytesOf('a') })
    expect([second.member.id, second.member.clusterId]).toEqual([first.member.id, first.member.clusterId])
    expect(after?.revision).toBe((before?.revision ?? 0) + 1)
    expect(after?.raftTerm).toBeGreaterThan(before?.raftTerm ?? 0)
    await second.member.stop()
    world.close()
  })
})

/** Does the script until the disk stops; returns what was seen after each write, and how many were acknowledged. */
async function runUntilCut(world: World, options: Partial<MemberOptions>): Promise<number> {
  let acknowledged = 0
  const script = (async () => {
    const member = await world.start(options)
    for (const write of writes) {
      await write(member)
      acknowledged++
    }
  })()
  let ended = false
  const over = script.finally(() => {
    ended = true
  })
  over.catch(() => {})
  while (!ended && !world.isStuck) await world.settled()
  return acknowledged
}

describe('a power cut at every call of the disk loses nothing that was acknowledged', () => {
  const modes: readonly CrashMode[] = ['lose-all', 'keep-all', 'prefix', 'keep-random', 'torn']
  const settings: readonly [string, Partial<MemberOptions>][] = [
    ['state committed late, log in one segment', {}],
    ['state committed after each entry, log in short segments', { backendBatchLimit: 1, walSegmentBytes: 4096 }],
  ]

  test.each(settings.flatMap(([name, options]) => modes.map(mode => ({ name, mode, options }))))(
    '$name: $mode',
    async ({ mode, options }) => {
      const rehearsal = new World()
      const member = await rehearsal.start(options)
      const states = [await seen(member)]
      for (const write of writes) {
        await write(member)
        states.push(await seen(member))
      }
      await member.member.stop()
      const calls = rehearsal.diskCalls
      rehearsal.close()
      expect(calls).toBeGreaterThan(30)

      for (let cutAfter = 0; cutAfter < calls; cutAfter++) {
        const world = new World()
        world.holdDisk(cutAfter)
        const acknowledged = await runUntilCut(world, options)
        const next = world.cutPower(mode)
        const again = await next.start(options)
        const allowed = [states[acknowledged], states[acknowledged + 1]]
        expect(allowed, `cut after call ${cutAfter}, ${acknowledged} acknowledged`).toContain(await seen(again))
        await again.call(KV.put, { key: bytesOf('after') })
        expect(next.fatal).toEqual([])
        await again.member.stop()
        next.close()
      }
    },
  )
})

describe('a disk that fails', () => {
  test('stops the member: nothing is acknowledged after, and it is told once', async () => {
    const world = new World()
    const fs = faultFs(world.disk)
    const member = await world.start({}, fs)
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
    fs.setRules([{ operation: 'datasync', path: '.wal', fault: { error: 'IO' } }])
    const refused = await Promise.all(
      ['b', 'c', 'd'].map(key => member.refusal(KV.put, { key: bytesOf(key), value: bytesOf('2') })),
    )
    expect(refused).toEqual(Array(3).fill('14 etcdserver: server stopped'))
    fs.setRules([])
    expect(await member.refusal(KV.put, { key: bytesOf('e') })).toMatch(/^14 /)
    await world.advance(60_000)
    expect(world.fatal).toHaveLength(1)
    expect(world.fatal[0]?.message).toContain('injected fault')
    await member.member.stop()
    const next = world.cutPower('lose-all')
    const again = await next.start()
    expect(await seen(again)).toMatch(/^a=1@2\/1\/0 leases {2}@2$/)
    await again.member.stop()
    next.close()
  })

  test('while it starts: it fails to, says why, and lets go of the files', async () => {
    const world = new World()
    const dry = faultFs(world.disk)
    await (await world.start({}, dry)).member.stop()
    const syncs = dry
      .sites()
      .filter(({ operation, path }) => (operation === 'datasync' || operation === 'syncDir') && !path.includes('/snap'))
    expect(syncs.length).toBeGreaterThan(4)
    for (const { operation, path } of syncs) {
      const fresh = new World()
      const fs = faultFs(fresh.disk, { rules: [{ operation, path, fault: { error: 'IO' } }] })
      await expect(fresh.start({}, fs), `${operation} ${path}`).rejects.toMatchObject({ name: 'ServerError' })
      expect(fresh.fatal).toEqual([])
      // The locks are gone, and a better disk is all it takes.
      const member = await fresh.start()
      await member.call(KV.put, { key: bytesOf('a') })
      await member.member.stop()
      fresh.close()
    }
    world.close()
  })

  test('that has no room for the next segment raises NOSPACE while there is room in this one', async () => {
    const world = new World()
    const member = await world.start({ walSegmentBytes: 65_536 })
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
    await world.settled()
    world.disk.setCapacity(world.disk.usedBytes)
    const value = bytesOf('x'.repeat(1000))
    let refusal = ''
    for (let i = 0; i < 30 && refusal === ''; i++) {
      refusal = await member.call(KV.put, { key: bytesOf(`k${i}`), value }).then(
        () => '',
        error => `${(error as { code: number }).code} ${(error as Error).message}`,
      )
    }
    expect(refusal).toBe('8 etcdserver: mvcc: database space exceeded')
    const { alarms } = await member.call(Maintenance.alarm, { action: AlarmRequestAlarmAction.GET })
    expect(alarms).toEqual([{ memberId: member.member.id, alarm: AlarmType.NOSPACE }])
    expect((await member.call(KV.deleteRange, { key: bytesOf('k0') })).deleted).toBe(1)
    world.disk.setCapacity(2 ** 40)
    await member.call(Maintenance.alarm, { action: AlarmRequestAlarmAction.DEACTIVATE, ...alarms[0] })
    for (let i = 0; i < 100; i++) await member.call(KV.put, { key: bytesOf(`k${i}`), value })
    expect(world.fatal).toEqual([])
    expect((await member.call(Maintenance.alarm, { action: AlarmRequestAlarmAction.GET })).alarms).toEqual([])
    await member.member.stop()
    world.close()
  })

  test('that is full is no end of the world for what is there', async () => {
    const world = new World()
    const member = await world.start({ walSegmentBytes: 4096 })
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
    await world.settled()
    world.disk.setCapacity(world.disk.usedBytes)
    let acknowledged = 0
    const failed = (call: Promise<unknown>): Promise<boolean> =>
      call.then(
        () => false,
        () => true,
      )
    while (!(await failed(member.call(KV.put, { key: bytesOf(`k${acknowledged}`), value: bytesOf('x'.repeat(1000)) }))))
      acknowledged++
    // Puts are refused by the alarm; what frees space is not, and needs some itself.
    expect(world.fatal).toEqual([])
    const nothing = { key: bytesOf('n'.repeat(1000)) }
    while (!(await failed(member.call(KV.deleteRange, nothing)))) expect(world.fatal).toEqual([])
    expect(world.fatal).toHaveLength(1)
    await member.member.stop()
    const next = world.kill()
    next.disk.setCapacity(2 ** 40)
    const again = await next.start({ walSegmentBytes: 4096 })
    const { count } = await again.call(KV.range, { ...everything, countOnly: true })
    expect(count).toBeGreaterThanOrEqual(acknowledged + 1)
    await again.member.stop()
    next.close()
  })
})

describe('a data directory that cannot be used', () => {
  test('two members on one', async () => {
    const world = new World()
    const member = await world.start()
    await expect(world.start()).rejects.toMatchObject({
      code: 'DATA_DIR',
      message: "data directory '/data' is in use by another process",
    })
    await member.call(KV.put, { key: bytesOf('a') })
    await member.member.stop()
    world.close()
  })

  test('a log that was made for another cluster, before its first entries', async () => {
    const refusals = new Set<string>()
    for (let cutAfter = 0; cutAfter < 32; cutAfter++) {
      const world = new World()
      world.holdDisk(cutAfter)
      await runUntilCut(world, {})
      const next = world.cutPower('keep-all')
      const refused = await next.start({ initialClusterToken: 'other' }).then(
        member => member.member.stop(),
        (error: Error & { code: string }) => `${error.code} ${error.message}`,
      )
      if (refused !== undefined) {
        refusals.add(refused)
        // Nothing was damaged: with the right flags it starts.
        await (await next.start()).member.stop()
      }
      next.close()
    }
    expect([...refusals]).toEqual([
      expect.stringMatching(/^DATA_DIR data directory '\/data' belongs to member [0-9a-f]+ of cluster [0-9a-f]+$/),
    ])
  })

  test('a log that ends before what the state contains', async () => {
    const options = { walSegmentBytes: 4096 }
    const dir = '/data/member/wal'
    const foreign = new World()
    await (await foreign.start(options)).member.stop()
    const world = new World()
    const member = await world.start(options)
    for (const write of writes) await write(member)
    await member.member.stop()
    for (const name of await world.disk.readDir(dir)) await world.disk.remove(`${dir}/${name}`)
    for (const name of await foreign.disk.readDir(dir)) {
      const from = await foreign.disk.open(`${dir}/${name}`, { mode: 'read' })
      const to = await world.disk.open(`${dir}/${name}`, { mode: 'create-new' })
      const bytes = new Uint8Array(await from.sizeBytes())
      await from.read(bytes, 0)
      to.writeSync(bytes, 0)
      await from.close()
      await to.close()
    }
    // A start makes the names of what it finds durable, and nothing else.
    await world.disk.syncDir(dir)
    const before = world.disk.describe()
    await expect(world.start(options)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('they do not belong together'),
    })
    expect(world.disk.describe()).toBe(before)
    foreign.close()
    world.close()
  })
})
