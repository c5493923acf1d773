/**
 * How long a start takes until the member answers that it is healthy, kvs beside the real etcd: on many revisions of few keys
 * whose process was killed, and on many keys. Both servers have the same content; they are started in turn, five times each.
 *
 * `revisions` or `keys` as argument: that row alone. `KVS_BENCH_KEYS` changes the count of keys of the second. Neither server
 * is pinned.
 */
import { generate } from './end-to-end/generator.ts'
import type { Load } from './end-to-end/loads.ts'
import { etcd, kvs, type RunningSystem, type System, start } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const pairs = 5
const spreadMax = 0.25

const puts = (calls: number, keys: number): Load => ({
  ...{ kind: 'put', connections: 10, clients: 200, valueBytes: 256 },
  ...{ calls, keys },
})

interface Row {
  readonly name: string
  readonly load: Load
  /** Before every start, so that a log has to be read on. */
  readonly before: Load | undefined
  readonly signal: 'SIGTERM' | 'SIGKILL'
  readonly goal: string
  reached(ownMs: number, ratio: number | undefined): boolean
}

const keyCount = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)

const rows: Readonly<Record<string, Row>> = {
  revisions: {
    name: '100 000 revisions of 1 000 keys of 256 B, killed',
    load: puts(100_000, 1000),
    before: puts(5000, 1000),
    signal: 'SIGKILL',
    goal: 'at most 1 s',
    reached: ownMs => ownMs <= 1000,
  },
  keys: {
    name: `${keyCount} keys of 256 B, stopped`,
    load: puts(keyCount, keyCount),
    before: undefined,
    signal: 'SIGTERM',
    goal: 'at most as long as etcd',
    reached: (_ownMs, ratio) => ratio === undefined || ratio <= 1,
  },
}

/** Milliseconds until it answers, and of CPU until then. */
interface Started {
  readonly readyMs: number
  readonly cpuMs: number
}

async function once(server: RunningSystem, { before, signal }: Row): Promise<Started> {
  if (before !== undefined) await generate(server.port, before)
  await server.restart(signal)
  return { readyMs: server.readyMs, cpuMs: server.cpuUs() / 1000 }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

function summary(name: string, times: readonly Started[]): { readonly medianMs: number; readonly text: string } {
  const ready = times.map(({ readyMs }) => readyMs)
  const medianMs = median(ready)
  const spread = (Math.max(...ready) - Math.min(...ready)) / medianMs
  const wide = spread > spreadMax ? ' (wide: repeat it on a machine that does nothing else)' : ''
  const cpu = `CPU ${median(times.map(({ cpuMs }) => cpuMs)).toFixed(0)} ms`
  return { medianMs, text: `${name} ${medianMs.toFixed(0)} ms, ${cpu}, spread ${(spread * 100).toFixed(0)} %${wide}` }
}

async function measure(row: Row, systems: readonly System[]): Promise<void> {
  const servers: RunningSystem[] = []
  try {
    for (const system of systems) {
      const server = await start(system)
      servers.push(server)
      await generate(server.port, row.load)
    }
    const times: Started[][] = servers.map(() => [])
    for (let pair = 0; pair < pairs; pair++) {
      for (const [i, server] of servers.entries()) times[i]?.push(await once(server, row))
    }
    const [ours, theirs] = systems.map(({ name }, i) => summary(name, times[i] ?? []))
    if (ours === undefined) return
    const ratio = theirs === undefined ? undefined : ours.medianMs / theirs.medianMs
    const shown = ratio === undefined ? '' : `; ${theirs?.text}; ratio ${ratio.toFixed(2)}×`
    const verdict = row.reached(ours.medianMs, ratio) ? 'reached' : 'missed'
    console.log(`  ${row.name}: ${ours.text}${shown}; goal ${row.goal}: ${verdict}`)
  } finally {
    for (const server of servers) await server.stop()
  }
}

const theirs = etcd()
console.log(`kvs on Node.js ${process.version}; ${theirs?.version ?? 'etcd is not installed: no ratios'}`)
const wanted = process.argv.slice(2)
for (const [name, row] of Object.entries(rows)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  await measure(row, [kvs(root), ...(theirs === undefined ? [] : [theirs])])
}
