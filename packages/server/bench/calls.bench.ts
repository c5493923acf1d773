/**
 * kvs beside the real etcd: server CPU, throughput and latency of calls over gRPC.
 *
 * Each server runs on core 0, the generator on core 1; both start afresh for every run, the two systems in turn. Rows that
 * read have their keys put before, and the server started again, so that etcd reads without its write buffer. The ratios
 * are of the medians; a row whose spread is over 25 % is measured once more, and the calmer of the two counts. Each goal has
 * a line at the end. Arguments choose rows by a part of their name; `KVS_BENCH_PAIRS` says how many runs each system gets.
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, logIn } from './end-to-end/generator.ts'
import type { Load, LoadResult } from './end-to-end/loads.ts'
import { etcd, kvs, type System, start } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const pairs = Number(process.env['KVS_BENCH_PAIRS'] ?? 5)

interface Row extends Load {
  readonly name: string
  /** Keys that are there before the load begins. */
  readonly filled?: number
  /** Beside kvs itself under this load instead of etcd under the same. */
  readonly beside?: Partial<Row>
  /** Calls as fast as they are answered, before the warm-up of a paced row. */
  readonly unpacedFirst?: number
  /** Calls carry a user's token of this kind. The login is not part of what is measured: a password is to be dear. */
  readonly tokens?: 'simple' | 'signed' | 'none'
  /** What is asked of the ratios: at least for throughput, at most for the others. */
  readonly goal: Partial<Record<Field, number>>
}

type Field = 'serverUs' | 'perSecond' | 'p50Ms' | 'p99Ms'
const fields = { serverUs: 'CPU', perSecond: 'throughput', p50Ms: 'p50', p99Ms: 'p99' } as const

const usual = { keys: 100_000, valueBytes: 256, connections: 10, clients: 100 } as const
const many = { ...usual, connections: 100, clients: 1000 } as const
const tokensGoal = { serverUs: 1.1, perSecond: 0.9 }
const putGoal = { serverUs: 0.4, perSecond: 1.8, p99Ms: 0.8 }

const rows: readonly Row[] = [
  { name: 'put 10/100', kind: 'put', ...usual, calls: 100_000, goal: putGoal },
  { name: 'put 100/1000', kind: 'put', ...many, calls: 200_000, goal: putGoal },
  { name: 'put 1/1', kind: 'put', ...usual, connections: 1, clients: 1, calls: 5_000, goal: { p50Ms: 1 } },
  {
    name: 'put over TLS 10/100',
    kind: 'put',
    ...usual,
    encrypted: true,
    calls: 100_000,
    goal: { serverUs: 0.3, perSecond: 2.5 },
  },
  { name: 'txn of one put 10/100', kind: 'txn', ...usual, calls: 100_000, goal: { serverUs: 0.35 } },
  {
    name: 'range of one key 10/100',
    kind: 'range',
    ...usual,
    calls: 100_000,
    filled: 100_000,
    goal: { serverUs: 0.1, perSecond: 3.5 },
  },
  {
    name: 'range of 1000 keys 10/100',
    kind: 'range',
    pairs: 1000,
    ...usual,
    calls: 5_000,
    filled: 100_000,
    goal: { serverUs: 0.4, perSecond: 1.8 },
  },
  { name: 'lease keep-alive 10/100', kind: 'keep-alive', ...usual, calls: 100_000, goal: { serverUs: 0.15 } },
  {
    name: 'watch, 100 watchers on one key',
    kind: 'watch',
    ...usual,
    clients: 10,
    watchers: 100,
    keys: 1,
    calls: 5_000,
    goal: { serverUs: 0.55 },
  },
  {
    name: 'watch, 1000 watchers on their own keys',
    kind: 'watch',
    ...usual,
    clients: 10,
    watchers: 1000,
    keys: 1000,
    calls: 40_000,
    goal: { serverUs: 0.55 },
  },
  {
    name: 'watch, 100 watchers, 100 puts a second',
    kind: 'watch',
    ...usual,
    clients: 1,
    watchers: 100,
    keys: 1,
    calls: 500,
    paced: 100,
    // A hundred puts a second leave code uncompiled for minutes; what a server does all day is compiled.
    unpacedFirst: 10_000,
    goal: { p50Ms: 1.1 },
  },
  {
    name: 'put with tokens 10/100, beside the same without',
    kind: 'put',
    ...usual,
    tokens: 'simple',
    beside: { tokens: 'none' },
    calls: 100_000,
    goal: tokensGoal,
  },
  {
    name: 'put with signed tokens 10/100, beside the same without',
    kind: 'put',
    ...usual,
    tokens: 'signed',
    beside: { tokens: 'none' },
    calls: 100_000,
    goal: tokensGoal,
  },
]

interface Measured extends LoadResult {
  readonly serverUs: number
  readonly residentMb: number
  readonly readyMs: number
}

/** One run: a fresh server, a warm-up, then the load. */
async function measure(system: System, { tokens = 'none', ...row }: Row): Promise<Measured> {
  if (tokens === 'simple') return measureOn(system, row, { logsIn: true })
  if (tokens === 'none') return measureOn(system, row)
  const dir = mkdtempSync(join(tmpdir(), 'kvs-bench-keys-'))
  try {
    return await measureOn(system, row, { logsIn: true, more: [signedTokens(dir)] })
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The flag for tokens that are signed with a key which is made for it. */
function signedTokens(dir: string): string {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(dir, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(join(dir, 'private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const files = `pub-key=${join(dir, 'public.pem')},priv-key=${join(dir, 'private.pem')}`
  return `--auth-token=jwt,${files},sign-method=RS256,ttl=1h`
}

interface ServerSetup {
  readonly more?: readonly string[]
  readonly logsIn?: boolean
}

async function measureOn(system: System, row: Row, { more = [], logsIn = false }: ServerSetup = {}): Promise<Measured> {
  const server = await start(system, { core: 0, encrypted: row.encrypted ?? false, more })
  try {
    if (row.filled !== undefined) {
      const fill = { ...row, kind: 'put', pairs: 1, connections: 10, clients: 100, calls: row.filled } as const
      await runGenerator(server.port, { ...fill, keys: row.filled })
      await server.restart()
    }
    const token = logsIn ? await logIn(server.port) : undefined
    const { unpacedFirst, paced, ...load } = row
    if (unpacedFirst !== undefined) await runGenerator(server.port, { ...load, calls: unpacedFirst })
    await runGenerator(server.port, { ...row, token, calls: Math.ceil(row.calls / 2) })
    const before = server.cpuUs()
    const result = await runGenerator(server.port, { ...row, token })
    const operations = row.kind === 'watch' ? (row.calls * (row.watchers ?? 1)) / row.keys : row.calls
    const serverUs = (server.cpuUs() - before) / operations
    return { ...result, serverUs, residentMb: server.memory().residentBytes / 2 ** 20, readyMs: server.readyMs }
  } finally {
    await server.stop()
  }
}

/** The generator is this program again, in a process of its own on core 1. */
function runGenerator(port: number, load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const program = [process.execPath, process.argv[1] as string, 'generate', String(port), JSON.stringify(load)]
    const child = spawn('taskset', ['-c', '1', ...program], { stdio: ['ignore', 'pipe', 'inherit'] })
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

/** How far the CPU figures lie apart, as a part of their median. */
function spreadOf(runs: readonly Measured[]): number {
  const cpu = runs.map(run => run.serverUs)
  return cpu.length === 0 ? 0 : (Math.max(...cpu) - Math.min(...cpu)) / median(cpu)
}

function describe(name: string, runs: readonly Measured[]): string {
  const of = (field: keyof Measured): number => median(runs.map(run => run[field]))
  const spread = spreadOf(runs)
  return (
    `  ${name.padEnd(5)} ${of('serverUs').toFixed(1).padStart(7)} µs server CPU per call, ` +
    `${Math.round(of('perSecond')).toString().padStart(6)}/s, p50 ${of('p50Ms').toFixed(2)} ms, ` +
    `p99 ${of('p99Ms').toFixed(2)} ms, ${of('residentMb').toFixed(0)} MB, ready in ${of('readyMs').toFixed(0)} ms, ` +
    `generator ${of('clientUs').toFixed(1)} µs, spread ${(100 * spread).toFixed(0)} %${spread > spreadMax ? ' (over 25 %)' : ''}`
  )
}

const spreadMax = 0.25

/** Runs of kvs, and of what stands beside it in turn with them. */
interface Runs {
  readonly kvs: readonly Measured[]
  readonly other: readonly Measured[]
}

/** A row, once more if the figures lie too far apart. */
async function measurePairs(row: Row, ours: System, theirs: System | undefined): Promise<Runs> {
  const first = await measureOnce(row, ours, theirs)
  const worst = ({ kvs, other }: Runs): number => Math.max(spreadOf(kvs), spreadOf(other))
  if (worst(first) <= spreadMax || pairs < 2) return first
  console.log(`${row.name}: spread of ${(100 * worst(first)).toFixed(0)} %, once more`)
  const second = await measureOnce(row, ours, theirs)
  return worst(second) < worst(first) ? second : first
}

async function measureOnce(row: Row, ours: System, theirs: System | undefined): Promise<Runs> {
  const runs: { readonly kvs: Measured[]; readonly other: Measured[] } = { kvs: [], other: [] }
  for (let i = 0; i < pairs; i++) {
    runs.kvs.push(await measure(ours, row))
    if (row.beside !== undefined) runs.other.push(await measure(ours, { ...row, ...row.beside }))
    else if (theirs !== undefined) runs.other.push(await measure(theirs, row))
  }
  return runs
}

/** The ratios of the medians. */
function ratioOf({ kvs: ours, other }: Runs, field: Field): number {
  return median(ours.map(run => run[field])) / median(other.map(run => run[field]))
}

/** A line for each goal of the row. */
function verdictsOf(row: Row, runs: Runs): readonly string[] {
  const loud = Math.max(spreadOf(runs.kvs), spreadOf(runs.other)) > spreadMax ? ' (spread over 25 %)' : ''
  return (Object.keys(fields) as Field[]).flatMap(field => {
    const goal = row.goal[field]
    if (goal === undefined) return []
    const ratio = ratioOf(runs, field)
    const isMet = field === 'perSecond' ? ratio >= goal : ratio <= goal
    const asked = `at ${field === 'perSecond' ? 'least' : 'most'} ${goal}×`
    return [`${isMet ? 'met   ' : 'MISSED'} ${row.name}: ${fields[field]} ${ratio.toFixed(2)}×, goal ${asked}${loud}`]
  })
}

async function main(): Promise<void> {
  const ours = kvs(root)
  const theirs = etcd()
  console.log(`${ours.version}; ${theirs?.version ?? 'etcd is not installed: no ratios'}; ${pairs} alternating runs`)
  const wanted = process.argv.slice(2)
  const verdicts: string[] = []
  for (const row of rows.filter(({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)))) {
    const runs = await measurePairs(row, ours, theirs)
    console.log(row.name)
    console.log(describe('kvs', runs.kvs))
    if (runs.other.length === 0) continue
    console.log(describe(row.beside === undefined ? 'etcd' : 'plain', runs.other))
    const all = (Object.keys(fields) as Field[]).map(field => `${ratioOf(runs, field).toFixed(2)}× ${fields[field]}`)
    console.log(`  ratio ${all.join(', ')}`)
    verdicts.push(...verdictsOf(row, runs))
  }
  console.log('goals')
  for (const verdict of verdicts) console.log(`  ${verdict}`)
}

if (process.argv[2] === 'generate') {
  console.log(JSON.stringify(await generate(Number(process.argv[3]), JSON.parse(process.argv[4] as string) as Load)))
} else await main()
