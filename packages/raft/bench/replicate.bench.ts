/**
 * Entries per second through a group of three nodes in one thread: proposed in batches of 100 values of 16 bytes,
 * replicated, committed and applied by all. Every message is encoded and decoded. The storages are compacted, so the heap
 * must not grow with the log.
 *
 * Arguments: `batches=20000 batch=100 async=0|1`. Promise: 300 000 entries per second of CPU, helpers of the engine
 * included, which holds on a busy machine too; the process fails below it.
 */
import {
  type Entry,
  localAppendThread,
  localApplyThread,
  MemoryStorage,
  type Message,
  RaftNode,
  type Ready,
} from '../src/index.ts'
import { decode, encode } from './codec.ts'

const promised = 300_000
const keepEntries = 10_000

const settings = new Map(process.argv.slice(2).map(word => word.split('=') as [string, string]))
const batches = Number(settings.get('batches') ?? 20_000)
const batchSize = Number(settings.get('batch') ?? 100)
const asyncStorageWrites = settings.get('async') === '1'

interface Member {
  readonly node: RaftNode
  readonly storage: MemoryStorage
  applied: number
}

const ids = [1n, 2n, 3n]
const confState = { voters: ids, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }

function newMember(id: bigint): Member {
  const storage = new MemoryStorage()
  storage.applySnapshot({ data: new Uint8Array(0), metadata: { index: 1, term: 1, confState } })
  const node = new RaftNode({
    id,
    storage,
    asyncStorageWrites,
    applied: 1,
    electionTick: 10,
    heartbeatTick: 1,
    maxInflightMsgs: 512,
    maxSizePerMsg: 1024 * 1024,
    random: () => 0,
  })
  return { node, storage, applied: 1 }
}

const members = ids.map(newMember)
let wire: Uint8Array[] = []
let bytes = 0

function apply(member: Member, entries: readonly Entry[]): void {
  const last = entries.at(-1)
  if (last === undefined) return
  member.applied = last.index
  const first = member.storage.firstIndex()
  if (last.index - first < 2 * keepEntries) return
  member.storage.createSnapshot({ index: last.index })
  member.storage.compact(last.index - keepEntries)
}

function write(member: Member, ready: Pick<Ready, 'hardState' | 'entries'>): void {
  if (ready.hardState !== undefined) member.storage.setHardState(ready.hardState)
  member.storage.append(ready.entries)
}

function send(message: Message): void {
  const encoded = encode(message)
  bytes += encoded.length
  wire.push(encoded)
}

/** Serves a storage message of asynchronous writes and delivers its responses. */
function serve(member: Member, message: Message): void {
  if (message.to === localAppendThread) {
    const { term, vote, commit } = message
    write(member, { entries: message.entries, hardState: term === 0 ? undefined : { term, vote, commit } })
  } else apply(member, message.entries)
  for (const response of message.responses) {
    if (response.to === member.node.id) member.node.step(response)
    else send(response)
  }
}

function work(member: Member): boolean {
  const { node } = member
  if (!node.hasReady()) return false
  const ready = node.ready()
  if (!asyncStorageWrites) {
    write(member, ready)
    for (const message of ready.messages) send(message)
    apply(member, ready.committedEntries)
    node.advance()
    return true
  }
  for (const message of ready.messages) {
    if (message.to === localAppendThread || message.to === localApplyThread) serve(member, message)
    else send(message)
  }
  return true
}

function settle(): void {
  for (let busy = true; busy; ) {
    busy = false
    for (const member of members) busy = work(member) || busy
    const delivered = wire
    wire = []
    for (const encoded of delivered) {
      const message = decode(encoded)
      members[Number(message.to) - 1]?.node.step(message)
    }
    busy ||= delivered.length > 0
  }
}

function run(count: number): number {
  const leader = (members[0] as Member).node
  const batch = Array.from({ length: batchSize }, (_, i) => new Uint8Array(16).fill(i))
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    leader.propose(batch)
    settle()
  }
  return (count * batchSize) / ((performance.now() - start) / 1000)
}

function heapMegabytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1e6
}

members[0]?.node.campaign()
settle()
run(batches / 10)
const heapBefore = heapMegabytes()
const bytesBefore = bytes
const cpuBefore = process.cpuUsage()
const rate = run(batches)
const { user, system } = process.cpuUsage(cpuBefore)
const perCpuSecond = (batches * batchSize) / ((user + system) / 1e6)
const heapAfter = heapMegabytes()
const entries = batches * batchSize
const expected = 2 + (batches / 10 + batches) * batchSize
for (const { applied } of members) if (applied !== expected) throw new Error(`applied ${applied} of ${expected}`)
console.log(
  `${Math.round(rate)} entries/s (${Math.round(perCpuSecond)} per second of CPU), ${entries} entries in batches of ` +
    `${batchSize}, ${asyncStorageWrites ? 'asynchronous' : 'synchronous'} storage, ` +
    `${((bytes - bytesBefore) / entries).toFixed(1)} bytes on the wire per entry`,
)
console.log(`heap ${heapBefore.toFixed(1)} MB before, ${heapAfter.toFixed(1)} MB after`)
if (globalThis.gc !== undefined && heapAfter > heapBefore * 1.5 + 5) throw new Error('the heap grows with the log')
if (perCpuSecond < promised) throw new Error(`less than the promised ${promised} entries per second of CPU`)
