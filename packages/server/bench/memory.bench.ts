/**
 * kvs beside the real etcd: time and memory of a million keys, memory and CPU of doing nothing, of idle connections and of
 * watchers. Neither server is pinned. Memory is what the kernel says: resident, and the anonymous part of that.
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

function memoryOf(server: RunningSystem, name: string): Figures {
  const { residentBytes, anonymousBytes } = server.memory()
  return { [`${name}: resident MB`]: mb(residentBytes), [`${name}: anonymous MB`]: mb(anonymousBytes) }
}

async function idle(system: System): Promise<Figures> {
  const server = await start(system)
  try {
    await pause(3000)
    const before = server.cpuUs()
    await pause(10_000)
    const cpu = (server.cpuUs() - before) / 10e6
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

/** What one idle connection, and one watcher, adds. */
async function idleClients(system: System): Promise<Figures> {
  const server = await start(system)
  try {
    await pause(2000)
    const empty = server.memory().residentBytes
    const held = await hold(server.port, { connections, watchers: 0 })
    const perConnection = (server.memory().residentBytes - empty) / connections
    await held.end()
    await pause(2000)
    const before = server.memory().residentBytes
    const watching = await hold(server.port, { connections: 100, watchers })
    const forWatchers = server.memory().residentBytes - before
    await watching.end()
    return {
      [`${connections} idle connections: KB each`]: Math.round(perConnection / 102.4) / 10,
      [`${watchers} watchers: MB`]: mb(forWatchers),
    }
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
  const measures = { idle, loaded, idleClients }
  for (const [name, measure] of Object.entries(measures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const ours = await measure(kvs(root))
    const other = theirs === undefined ? {} : await measure(theirs)
    for (const [figure, value] of Object.entries(ours)) {
      const of = other[figure]
      const ratio = of === undefined ? '' : `, etcd ${of}, ratio ${(value / of).toFixed(2)}×`
      console.log(`  ${figure.padEnd(36)} kvs ${value}${ratio}`)
    }
  }
}

const [, , task, port, argument] = process.argv
if (task === 'generate') await generate(Number(port), JSON.parse(argument as string) as Load)
else if (task === 'hold') await holdHere(Number(port), JSON.parse(argument as string) as Held)
else await main()
