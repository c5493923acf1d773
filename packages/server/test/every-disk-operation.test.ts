import type { MemoryStates } from '@kvs/backend/memory'
import { KV, Lease } from '@kvs/proto/rpc'
import { SeededRandom } from '@kvs/testing'
import type { CrashMode, File, Fs, MemFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import type { MemberOptions } from '../src/options.ts'
import { DiskGate, type TestMember, World } from './member.ts'
import { bytesOf, del, put } from './messages.ts'

/**
 * A script of 200 operations, and a power cut at every disk operation of it: when each call that changes the disk has begun,
 * and when it is done, by every way in which a disk forgets. What a cut leaves is copied while the script goes on; then a member is started
 * on each copy and must show what was acknowledged, and perhaps the operation that was under way.
 */
const operations = 200
const modes: readonly CrashMode[] = ['torn', 'keep-random', 'prefix', 'lose-all', 'keep-all']
/** Members that start side by side: they wait for turns of the event loop more than for anything else. */
const atOnce = 40
const options: Partial<MemberOptions> = { walSegmentBytes: 8192, backendBatchLimit: 9, snapshotCount: 25 }
const everything = { key: bytesOf('\0'), rangeEnd: bytesOf('\0') }
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

async function seen(member: TestMember): Promise<string> {
  const { kvs, header } = await member.call(KV.range, everything)
  const { leases } = await member.call(Lease.leaseLeases, {})
  const pairs = kvs.map(
    kv => `${textOf(kv.key)}=${kv.value.length}:${kv.value[0]}@${kv.modRevision}/${kv.version}/${kv.lease}`,
  )
  return `${pairs.join(' ')} leases ${leases.map(({ id }) => id).sort()} @${header?.revision}`
}

/** Operation `number`; the same each time. */
function operation(member: TestMember, number: number): Promise<unknown> {
  const random = new SeededRandom(number)
  const key = `key ${random.below(12)}`
  const value = new Uint8Array(random.pick([0, 10, 300, 900, 3000])).fill(number)
  const id = BigInt(1 + random.below(4))
  switch (random.below(10)) {
    case 0:
      return member.call(KV.deleteRange, { key: bytesOf(key) })
    case 1:
      return member.call(KV.txn, { success: [put(key, 'one'), del(`${key} gone`), put(`${key} too`, 'two')] })
    case 2:
      return member.call(Lease.leaseGrant, { id, ttl: 60 }).catch(() => undefined)
    case 3:
      return member.call(Lease.leaseRevoke, { id }).catch(() => undefined)
    case 4:
      return member.call(KV.put, { key: bytesOf(key), value, lease: id }).catch(() => undefined)
    case 5:
      return number % 3 === 0
        ? member.call(KV.compact, { revision: Math.max(1, number - 40) }).catch(() => undefined)
        : member.call(KV.put, { key: bytesOf(key), value })
    default:
      return member.call(KV.put, { key: bytesOf(key), value })
  }
}

/** A disk after a cut, and how much had been acknowledged. */
interface Cut {
  readonly disk: MemFs
  readonly states: MemoryStates
  readonly acknowledged: number
  readonly label: string
}

/** Calls `note` when a call that changes the disk has begun, and when it is done. */
function noting(fs: Fs, note: (label: string) => void): Fs {
  const wrap = <Target extends object>(target: Target, quiet: readonly string[]): Target =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of)
        if (typeof value !== 'function' || quiet.includes(String(name))) {
          return typeof value === 'function' ? value.bind(of) : value
        }
        return (...args: unknown[]) => {
          const result: unknown = value.apply(of, args)
          note(`during ${String(name)}`)
          if (!(result instanceof Promise)) return result
          return result.then(inner => {
            note(`after ${String(name)}`)
            return name === 'open' ? wrap(inner as File, ['read', 'sizeBytes', 'lock', 'close']) : inner
          })
        }
      },
    })
  return wrap(fs, ['readDir', 'stat', 'freeBytes', 'busyUntil'])
}

/** Lives through the script; what was to be seen after each operation, and a cut at each moment in the mode it falls to. */
async function liveThrough(seed: number): Promise<{ readonly shown: string[]; readonly cuts: Cut[] }> {
  const world = new World()
  const random = new SeededRandom(seed)
  const cuts: Cut[] = []
  const shown: string[] = []
  let isRecording = true
  const note = (label: string): void => {
    if (!isRecording) return
    const mode = modes[(cuts.length + seed) % modes.length] as CrashMode
    const disk = world.disk.afterCrash({ mode, random })
    const where = `${label}, ${mode}`
    cuts.push({ disk, states: world.states.afterCrash(random), acknowledged: shown.length - 1, label: where })
  }
  const member = await world.start(options, noting(world.disk, note))
  shown.push(await seen(member))
  for (let number = 1; number <= operations; number++) {
    await operation(member, number)
    shown.push(await seen(member))
    if (number % 7 === 0) await world.advance(120)
  }
  isRecording = false
  await member.member.stop()
  world.close()
  return { shown, cuts }
}

async function expectRecovers(cut: Cut, shown: readonly string[]): Promise<void> {
  const { disk, states, acknowledged, label } = cut
  const world = new World({ disk, states, gate: new DiskGate() })
  const member = await world.start(options).catch(error => {
    throw new Error(`seed ${seed}, ${acknowledged} acknowledged, ${label}: ${String(error)}`, { cause: error })
  })
  const found = await seen(member)
  const allowed = [shown[Math.max(0, acknowledged)], shown[acknowledged + 1]]
  expect(allowed, `seed ${seed}, ${acknowledged} acknowledged, ${label}`).toContain(found)
  await member.call(KV.put, { key: bytesOf('after') })
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
}

const seed = Number(process.env['KVS_SEED'] ?? 1)
const parts = 4
const life = liveThrough(seed)

test.each(Array.from({ length: parts }, (_, part) => part))(
  `a power cut at every disk operation of a script of ${operations} loses nothing acknowledged (part %i of ${parts})`,
  async part => {
    const { shown, cuts } = await life
    expect(cuts.length).toBeGreaterThan(4 * operations)
    const [from, to] = [part, part + 1].map(each => Math.floor((cuts.length * each) / parts)) as [number, number]
    for (let at = from; at < to; at += atOnce) {
      const together = cuts.slice(at, Math.min(to, at + atOnce))
      await Promise.all(together.map(cut => expectRecovers(cut, shown)))
    }
  },
)
