/**
 * kvs beside the real etcd: server CPU, throughput and latency of puts and single-key ranges over gRPC.
 *
 * Each server runs on core 0, the generator on core 1; both start afresh for every run, the two systems in turn. The
 * ratios are of the medians; a row whose spread is over 25 % says so.
 */
import { spawn } from 'node:child_process'
import { generate, type Load, type LoadResult } from './end-to-end/generator.ts'
import { etcd, kvs, type System, start } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const pairs = Number(process.env['KVS_BENCH_PAIRS'] ?? 5)
const rows: readonly (Load & { readonly name: string })[] = [
  { name: 'put 10/100', kind: 'put', connections: 10, clients: 100, calls: 100_000, keys: 100_000, valueBytes: 256 },
  { name: 'put 1/1', kind: 'put', connections: 1, clients: 1, calls: 3_000, keys: 100_000, valueBytes: 256 },
  {
    name: 'range 10/100',
    kind: 'range',
    connections: 10,
    clients: 100,
    calls: 100_000,
    keys: 100_000,
    valueBytes: 256,
  },
]

interface Measured extends LoadResult {
  readonly serverUs: number
  readonly residentMb: number
  readonly readyMs: number
}

/** One run: a fresh server, a warm-up, then the load. */
async function measure(system: System, load: Load): Promise<Measured> {
  const server = await start(system, 0)
  try {
    await runGenerator(server.port, { ...load, calls: load.calls })
    const before = server.cpuUs()
    const result = await runGenerator(server.port, load)
    const serverUs = (server.cpuUs() - before) / load.calls
    return { ...result, serverUs, residentMb: server.residentBytes() / 2 ** 20, readyMs: server.readyMs }
  } finally {
    await server.stop()
  }
}

/** The generator is this program again, in a process of its own on core 1. */
function runGenerator(port: number, load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const args = [
      '-c',
      '1',
      process.execPath,
      process.argv[1] as string,
      'generate',
      String(port),
      JSON.stringify(load),
    ]
    const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    child.once('exit', status => {
      if (status === 0) resolve(JSON.parse(out) as LoadResult)
      else reject(new Error(`the generator ended with status ${status}`))
    })
  })
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number

function describe(name: string, runs: readonly Measured[]): string {
  const of = (field: keyof Measured): number => median(runs.map(run => run[field]))
  const cpu = runs.map(run => run.serverUs)
  const spread = (Math.max(...cpu) - Math.min(...cpu)) / median(cpu)
  return (
    `  ${name.padEnd(5)} ${of('serverUs').toFixed(1).padStart(7)} µs server CPU per call, ` +
    `${Math.round(of('perSecond')).toString().padStart(6)}/s, p50 ${of('p50Ms').toFixed(2)} ms, ` +
    `p99 ${of('p99Ms').toFixed(2)} ms, ${of('residentMb').toFixed(0)} MB, ready in ${of('readyMs').toFixed(0)} ms, ` +
    `generator ${of('clientUs').toFixed(1)} µs, spread ${(100 * spread).toFixed(0)} %${spread > 0.25 ? ' (over 25 %)' : ''}`
  )
}

async function main(): Promise<void> {
  const ours = kvs(root)
  const theirs = etcd()
  console.log(`${ours.version}; ${theirs?.version ?? 'etcd is not installed: no ratios'}; ${pairs} alternating runs`)
  const wanted = process.argv.slice(2)
  for (const row of rows.filter(({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)))) {
    const runs: { readonly kvs: Measured[]; readonly etcd: Measured[] } = { kvs: [], etcd: [] }
    for (let i = 0; i < pairs; i++) {
      runs.kvs.push(await measure(ours, row))
      if (theirs !== undefined) runs.etcd.push(await measure(theirs, row))
    }
    console.log(row.name)
    console.log(describe('kvs', runs.kvs))
    if (theirs === undefined) continue
    console.log(describe('etcd', runs.etcd))
    const ratio = (field: keyof Measured): string =>
      (median(runs.kvs.map(run => run[field])) / median(runs.etcd.map(run => run[field]))).toFixed(2)
    console.log(
      `  ratio ${ratio('serverUs')}× CPU, ${ratio('perSecond')}× throughput, ${ratio('p50Ms')}× p50, ${ratio('p99Ms')}× p99`,
    )
  }
}

if (process.argv[2] === 'generate') {
  console.log(JSON.stringify(await generate(Number(process.argv[3]), JSON.parse(process.argv[4] as string) as Load)))
} else await main()
