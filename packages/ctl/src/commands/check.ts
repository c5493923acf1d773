import { type Client, prefixEnd, toBytes } from '@kvs/client'
import type { Command, Flags } from '../command.ts'
import { CtlError, errorText } from '../errors.ts'
import type { Session } from '../session.ts'

/** Writers and the writes per second that they share, by etcd's words for how much is asked of a cluster. */
const perfLoads: Readonly<Record<string, { readonly clients: number; readonly rate: number }>> = {
  ...{ s: { clients: 50, rate: 150 }, m: { clients: 200, rate: 1000 } },
  ...{ l: { clients: 500, rate: 8000 }, xl: { clients: 1000, rate: 15_000 } },
}
const dataLoads: Readonly<Record<string, { readonly clients: number; readonly keys: number }>> = {
  ...{ s: { clients: 50, keys: 10_000 }, m: { clients: 200, keys: 100_000 } },
  ...{ l: { clients: 500, keys: 1_000_000 }, xl: { clients: 1000, keys: 3_000_000 } },
}
const words: Readonly<Record<string, string>> = {
  ...{ small: 's', medium: 'm', large: 'l', xlarge: 'xl', xLarge: 'xl' },
  ...{ s: 's', m: 'm', l: 'l', xl: 'xl' },
}

const perfSeconds = 60
const valueBytes = 1024
const slowestMsMax = 500
const stddevMsMax = 100

function loadOf<Load>(loads: Readonly<Record<string, Load>>, word: string): Load {
  const load = Object.hasOwn(words, word) ? loads[words[word] as string] : undefined
  if (load === undefined) throw new CtlError('badFeature', `unknown load option ${word}`)
  return load
}

/** Random keys below the prefix, as etcdctl makes them. */
function randomKey(prefix: string): Uint8Array {
  return Buffer.concat([toBytes(prefix), crypto.getRandomValues(new Uint8Array(10))])
}

/** Nothing is written over what is there, and nothing is left behind. */
async function onEmptyPrefix(
  { client, prefix, session }: { readonly client: Client; readonly prefix: string; readonly session: Session },
  body: () => Promise<void>,
): Promise<void> {
  const { count } = await client.range({ prefix }, { limit: 1, ...session.timeout })
  if (count > 0)
    throw new CtlError(
      'invalidInput',
      `prefix "${prefix}" has keys. Delete with 'etcdctl del --prefix ${prefix}' first`,
    )
  try {
    await body()
  } finally {
    await client.delete({ prefix })
  }
}

interface Took {
  /** Milliseconds of each write. */
  readonly latencies: number[]
  readonly errors: Map<string, number>
}

async function write(client: Client, prefix: string, value: Uint8Array, took: Took): Promise<void> {
  const startedAt = performance.now()
  try {
    await client.put(randomKey(prefix), value)
    took.latencies.push(performance.now() - startedAt)
  } catch (error) {
    const text = errorText(error)
    took.errors.set(text, (took.errors.get(text) ?? 0) + 1)
  }
}

async function perf(session: Session, flags: Flags): Promise<void> {
  const { clients, rate } = loadOf(perfLoads, flags.text('load'))
  const client = await session.client()
  const prefix = flags.text('prefix')
  const took: Took = { latencies: [], errors: new Map() }
  const value = new Uint8Array(valueBytes)
  let elapsedMs = 0
  await onEmptyPrefix({ client, prefix, session }, async () => {
    const startedAt = performance.now()
    const endsAt = startedAt + flags.int('seconds') * 1000
    let begun = 0
    const writer = async (): Promise<void> => {
      while (performance.now() < endsAt && !session.io.interrupted.aborted) {
        // Each write has its time, so that all of them together keep to the rate.
        const dueMs = startedAt + (begun++ * 1000) / rate - performance.now()
        if (dueMs > 0) await new Promise(resolve => setTimeout(resolve, dueMs))
        await write(client, prefix, value, took)
      }
    }
    await Promise.all(Array.from({ length: clients }, writer))
    elapsedMs = performance.now() - startedAt
    await upkeep(session, client, flags)
  })
  judge(session, took, { rate, seconds: elapsedMs / 1000 })
}

function judge(
  session: Session,
  { latencies, errors }: Took,
  asked: { readonly rate: number; readonly seconds: number },
): void {
  let isGood = true
  const say = (good: boolean, text: string): void => {
    isGood &&= good
    session.line(`${good ? 'PASS' : 'FAIL'}: ${text}`)
  }
  for (const [text, count] of errors) say(false, `got ${count} errors: ${text}`)
  const rate = Math.trunc(latencies.length / asked.seconds)
  if (rate >= 0.9 * asked.rate) say(true, `Throughput is ${rate} writes/s`)
  else say(false, `Throughput too low: ${rate} writes/s`)
  const slowestMs = latencies.reduce((most, each) => Math.max(most, each), 0)
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(6)}s`
  if (slowestMs <= slowestMsMax) say(true, `Slowest request took ${seconds(slowestMs)}`)
  else say(false, `Slowest request took too long: ${seconds(slowestMs)}`)
  const stddevMs = deviation(latencies)
  if (stddevMs <= stddevMsMax) say(true, `Stddev is ${seconds(stddevMs)}`)
  else say(false, `Stddev too high: ${seconds(stddevMs)}`)
  session.line(isGood ? 'PASS' : 'FAIL')
  if (!isGood) throw new CtlError('error', 'FAIL', { shown: false })
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length))
}

async function datascale(session: Session, flags: Flags): Promise<void> {
  const { clients, keys } = loadOf(dataLoads, flags.text('load'))
  const client = await session.client()
  const prefix = flags.text('prefix')
  const [endpoint] = await session.endpoints()
  const took: Took = { latencies: [], errors: new Map() }
  const value = new Uint8Array(valueBytes)
  await onEmptyPrefix({ client, prefix, session }, async () => {
    const before = await residentBytes(endpoint)
    session.line(
      `Start data scale check for work load [${keys} key-value pairs, ${valueBytes} bytes per key-value, ${clients} concurrent clients].`,
    )
    let begun = 0
    const writer = async (): Promise<void> => {
      while (begun++ < keys && !session.io.interrupted.aborted) await write(client, prefix, value, took)
    }
    await Promise.all(Array.from({ length: clients }, writer))
    const after = await residentBytes(endpoint)
    await upkeep(session, client, flags)
    for (const [text, count] of took.errors) session.line(`FAIL: got ${count} errors: ${text}`)
    if (took.errors.size > 0) throw new CtlError('error', 'FAIL', { shown: false })
    const megabytes = ((after - before) / (1024 * 1024)).toFixed(2)
    session.line(`PASS: Approximate system memory used : ${megabytes} MB.`)
  })
}

/** `process_resident_memory_bytes` of the first endpoint. */
async function residentBytes(endpoint = ''): Promise<number> {
  const url = /^https?:/.test(endpoint) ? endpoint : `http://${endpoint}`
  const text = await fetch(`${url}/metrics`).then(
    response => response.text(),
    (error: unknown) => {
      throw new CtlError('error', `cannot read ${url}/metrics: ${errorText(error)}`)
    },
  )
  const found = /^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]
  if (found === undefined) throw new CtlError('error', `${url}/metrics tells no process_resident_memory_bytes`)
  return Number(found)
}

/** What was written is compacted, and the space given back, if that is asked for. */
async function upkeep(session: Session, client: Client, flags: Flags): Promise<void> {
  const [compacts, defragments] = [flags.bool('auto-compact'), flags.bool('auto-defrag')]
  if (!compacts && !defragments) return
  const prefix = toBytes(flags.text('prefix'))
  await client.delete({ key: prefix, end: prefixEnd(prefix) })
  if (compacts) {
    const { header } = await client.range('foo', { countOnly: true })
    const revision = header?.revision ?? 0
    await client.compact(revision, { physical: true })
    session.line(`Compacted with revision ${revision}`)
  }
  if (!defragments) return
  for (const endpoint of await session.endpoints()) {
    await client.maintenance.defragment({ endpoint })
    session.line(`Defragmented "${endpoint}"`)
  }
}

const commonFlags = (prefix: string): NonNullable<Command['flags']> => [
  { name: 'load', kind: 'string', value: 's', help: 's(mall), m(edium), l(arge) or xl(arge)' },
  { name: 'prefix', kind: 'string', value: prefix, help: 'what the keys that are written begin with' },
  { name: 'auto-compact', kind: 'bool', value: 'false', help: 'compact afterwards' },
  { name: 'auto-defrag', kind: 'bool', value: 'false', help: 'defragment afterwards' },
]

export const check: Command = {
  name: 'check',
  summary: 'Commands for checking properties of the etcd cluster',
  children: [
    {
      name: 'perf',
      summary: 'Check the performance of the etcd cluster: 60 seconds of writes',
      flags: [
        ...commonFlags('/etcdctl-check-perf/'),
        { name: 'seconds', kind: 'int', value: String(perfSeconds), help: 'how long to write (etcdctl: always 60)' },
      ],
      run: (session, _args, flags) => perf(session, flags),
    },
    {
      name: 'datascale',
      summary: 'Check the memory usage of holding data for different workloads on a given server endpoint',
      flags: commonFlags('/etcdctl-check-datascale/'),
      run: (session, _args, flags) => datascale(session, flags),
    },
  ],
}
