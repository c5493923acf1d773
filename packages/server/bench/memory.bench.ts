/**
 * kvs beside the real etcd: time and memory of a million keys, memory and CPU of doing nothing, of idle connections and of
 * watchers. Neither server is pinned. Memory is what the kernel says: resident, and the anonymous part of that. Each goal
 * has a line at the end.
 *
 * `KVS_BENCH_KEYS`, `KVS_BENCH_CONNECTIONS` and `KVS_BENCH_WATCHERS` change the counts.
 */
import { spawn } from 'node:child_process'
import { connect, generate } from './end-to-end/generator.ts'
import { keyOf, type Load, streams } from './end-to-end/loads.ts'
import { etcd, kvs, type RunningSystem, type System, start } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const keys = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)
const connections = Number(process.env['KVS_BENCH_CONNECTIONS'] ?? 10_000)
const watchers = Number(process.env['KVS_BENCH_WATCHERS'] ?? 100_000)
const valueBytes = 256

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const mb = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10

/** Figures of one system by name, each with its unit. */
type Figures = Record<string, number>

/** What the figures of kvs may be at most: as they are, or as a ratio to etcd's. */
const goals: Readonly<Record<string, { readonly value?: number; readonly ratio?: number }>> = {
  'idle: % of a core': { value: 0.3 },
  [`${keys} keys: resident MB`]: { ratio: 0.75 },
  [`${connections} idle connections: KB each`]: { ratio: 1 },
  [`${watchers} watchers: MB`]: { value: (50 * watchers) / 100_000 },
}

function memoryOf(server: RunningSystem, name: string): Figures {
  const { residentBytes, anonymousBytes } = server.memory()
  return { [`${name}: resident MB`]: mb(residentBytes), [`${name}: anonymous MB`]: mb(anonymousBytes) }
}

/**
 * Some eight seconds after the last work Node collects garbage once more, which takes 30 ms and is not repeated: that is
 * over when the measure begins. The kernel counts hundredths of a second, so it is long.
 */
async function idle(system: System): Promise<Figures> {
  const server = await start(system)
  try {
    await pause(15_000)
    const before = server.cpuUs()
    await pause(30_000)
    const cpu = (server.cpuUs() - before) / 30e6
    return { ...memoryOf(server, 'idle'), 'idle: % of a core': Math.round(cpu * 10_000) / 100 }
  } finally {
    await server.stop()
  }
}

async function loaded(system: System): Promise<Figures> {
  const server = await start(system)
  try {
    const load: Load = { kind: 'put', connections: 10, clients: 200, calls: keys, keys, valueBytes }
    const startedAt = performance.now()
    await inChild('generate', server.port, load)
    const loadSeconds = Math.round((performance.now() - startedAt) / 100) / 10
    await pause(3000)
    const after = memoryOf(server, `${keys} keys`)
    await server.restart()
    const ready = Math.round(server.readyMs)
    await pause(3000)
    return {
      'load: seconds': loadSeconds,
      ...after,
      'restart: ready in ms': ready,
      ...memoryOf(server, 'restarted'),
    }
  } finally {
    await server.stop()
  }
}

/** What one idle connection adds. */
async function idleConnections(system: System): Promise<Figures> {
  const bytes = await heldBytes(system, { connections, watchers: 0 })
  return { [`${connections} idle connections: KB each`]: Math.round(bytes / connections / 102.4) / 10 }
}

/** What watchers add, each on a key of its own, over 100 connections. */
async function idleWatchers(system: System): Promise<Figures> {
  return { [`${watchers} watchers: MB`]: mb(await heldBytes(system, { connections: 100, watchers })) }
}

/** On a server of its own that has held a tenth of it before, and given that back. */
async function heldBytes(system: System, held: Held): Promise<number> {
  const server = await start(system)
  try {
    const some = { connections: Math.ceil(held.connections / 10), watchers: Math.ceil(held.watchers / 10) }
    const warmUp = await hold(server.port, some)
    await warmUp.end()
    await pause(12_000)
    const before = server.memory().residentBytes
    const holder = await hold(server.port, held)
    await pause(12_000)
    const bytes = server.memory().residentBytes - before
    await holder.end()
    return bytes
  } finally {
    await server.stop()
  }
}

interface Held {
  readonly connections: number
  readonly watchers: number
}

/** A process that holds connections and watchers open. */
async function hold(port: number, held: Held): Promise<{ end(): Promise<void> }> {
  const child = spawn(process.execPath, [process.argv[1] as string, 'hold', String(port), JSON.stringify(held)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', status => reject(new Error(`the holder ended with status ${status}`)))
  })
  await pause(2000)
  return {
    end: () => {
      child.stdin.end()
      return ended
    },
  }
}

async function holdHere(port: number, held: Held): Promise<void> {
  const channels: Awaited<ReturnType<typeof connect>>[] = []
  for (let i = 0; i < held.connections; i += 100) {
    const some = Math.min(100, held.connections - i)
    channels.push(...(await Promise.all(Array.from({ length: some }, () => connect(port)))))
  }
  let created = 0
  await new Promise<void>(resolve => {
    if (held.watchers === 0) return resolve()
    for (const [at, channel] of channels.entries()) {
      const stream = channel.stream(streams.watch.path, {
        message: (body, from, to) => {
          if (streams.watch.decodeResponse(body, from, to).created && ++created === held.watchers) resolve()
        },
        end: () => {},
      })
      for (let i = at; i < held.watchers; i += channels.length) {
        const request = streams.watch.encodeRequest({ createRequest: { key: keyOf(i) } })
        stream.send(request, 0, request.length)
      }
    }
  })
  console.log('held')
  process.stdin.resume().once('end', () => process.exit(0))
}

function inChild(kind: string, port: number, load: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = [process.argv[1] as string, kind, String(port), JSON.stringify(load)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('exit', status =>
      status === 0 ? resolve() : reject(new Error(`the generator ended with status ${status}`)),
    )
  })
}

async function main(): Promise<void> {
  const theirs = etcd()
  console.log(`kvs on Node.js ${process.version}; ${theirs?.version ?? 'etcd is not installed: no ratios'}`)
  const wanted = process.argv.slice(2)
  const measures = { idle, loaded, idleConnections, idleWatchers }
  const verdicts: string[] = []
  for (const [name, measure] of Object.entries(measures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const ours = await measure(kvs(root))
    const other = theirs === undefined ? {} : await measure(theirs)
    for (const [figure, value] of Object.entries(ours)) {
      const of = other[figure]
      const ratio = of === undefined ? undefined : value / of
      const beside = of === undefined || ratio === undefined ? '' : `, etcd ${of}, ratio ${ratio.toFixed(2)}×`
      console.log(`  ${figure.padEnd(36)} kvs ${value}${beside}`)
      verdicts.push(...verdictOf(figure, value, ratio))
    }
  }
  console.log('goals')
  for (const verdict of verdicts) console.log(`  ${verdict}`)
}

function verdictOf(figure: string, value: number, ratio: number | undefined): readonly string[] {
  const goal = goals[figure]
  if (goal?.value !== undefined) {
    return [`${value <= goal.value ? 'met   ' : 'MISSED'} ${figure}: ${value}, goal at most ${goal.value}`]
  }
  if (goal?.ratio === undefined || ratio === undefined) return []
  const met = ratio <= goal.ratio ? 'met   ' : 'MISSED'
  return [`${met} ${figure}: ${ratio.toFixed(2)}× of etcd, goal at most ${goal.ratio}×`]
}

const [, , task, port, argument] = process.argv
if (task === 'generate') await generate(Number(port), JSON.parse(argument as string) as Load)
else if (task === 'hold') await holdHere(Number(port), JSON.parse(argument as string) as Held)
else await main()
