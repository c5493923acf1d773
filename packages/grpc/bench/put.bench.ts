/**
 * Server CPU per call: a handler answers every Put at once, through the engine with all its checks on. Server and load
 * generator are separate processes, each pinned to a core of its own where `taskset` exists.
 *
 * Arguments: `connections=10 concurrent=100 calls=200000 runs=7 timeout=0` (timeout in ms puts a deadline on every call).
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { createGrpcChannel, createGrpcServer, type GrpcChannel } from '../src/index.ts'
import { listen, nodeClock, socketPipe } from '../test/node-world.ts'

const PINNER = 'taskset'
const PUT = '/etcdserverpb.KV/Put'
/** `PutRequest` with a key of 16 and a value of 256 bytes. */
const request = Uint8Array.from([0x0a, 16, ...new Array(16).fill(0x6b), 0x12, 0x80, 0x02, ...new Array(256).fill(0x76)])
/** `PutResponse` with a header of cluster id, member id, revision and term. */
const response = Uint8Array.from([
  0x0a, 28, 0x08, 0xe7, 0xd5, 0xa1, 0xf3, 0xce, 0xdc, 0xc7, 0xde, 0xcd, 0x01, 0x10, 0xa4, 0xb2, 0x9d, 0xe1, 0xa5, 0xa3,
  0xe3, 0xc6, 0x8f, 0x01, 0x18, 0xc0, 0x84, 0x3d, 0x20, 0x02,
])

function pin(core: number): void {
  const { status } = spawnSync(PINNER, ['-cp', String(core), String(process.pid)], { stdio: 'ignore' })
  if (status !== 0) console.log(`not pinned to core ${core}: no taskset`)
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function serve(): Promise<void> {
  pin(0)
  const server = createGrpcServer({
    clock: nodeClock,
    methods: [
      [
        PUT,
        {
          kind: 'unary',
          handle(call, body, start, end) {
            if (end - start < 2 || body[start] !== 0x0a) call.fail(3, 'etcdserver: key is not provided')
            else call.reply(response, 0, response.length)
          },
        },
      ],
    ],
  })
  const { port } = await listen(pipe => server.accept(pipe))
  process.on('message', () => process.send?.({ cpu: cpuMicros(), calls: server.counters.calls }))
  process.send?.({ port })
  process.on('disconnect', () => process.exit(0))
}

function ask<T>(child: ChildProcess): Promise<T> {
  return new Promise(resolve => {
    child.once('message', message => resolve(message as T))
    child.send('cpu')
  })
}

/** Makes `calls` calls, `concurrent` at a time, spread over the channels. */
function load(channels: readonly GrpcChannel[], concurrent: number, calls: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = timeoutMs > 0 ? { timeoutMs } : {}
    let started = 0
    let done = 0
    const next = (channel: GrpcChannel): void => {
      if (started === calls) return
      started++
      channel.unary(PUT, request, options, (error, _body, start, end) => {
        if (error !== undefined) return reject(error)
        if (end - start !== response.length) return reject(new Error(`answer of ${end - start} bytes`))
        if (++done === calls) resolve()
        else next(channel)
      })
    }
    for (let i = 0; i < concurrent; i++) next(channels[i % channels.length]!)
  })
}

async function main(): Promise<void> {
  const settings = { connections: 10, concurrent: 100, calls: 200_000, runs: 7, timeout: 0 }
  for (const word of process.argv.slice(2)) {
    const [name, value] = word.split('=')
    if (name !== undefined && name in settings) settings[name as keyof typeof settings] = Number(value)
  }
  pin(1)
  const child = fork(process.argv[1]!, ['server'])
  const { port } = await new Promise<{ port: number }>(resolve =>
    child.once('message', m => resolve(m as { port: number })),
  )
  const channels = Array.from({ length: settings.connections }, () =>
    createGrpcChannel({
      clock: nodeClock,
      authority: `127.0.0.1:${port}`,
      dial: () => socketPipe(connect({ host: '127.0.0.1', port })),
    }),
  )
  await Promise.all(channels.map(channel => channel.connect()))
  await load(channels, settings.concurrent, settings.calls, settings.timeout)
  const rows: { rate: number; server: number; client: number }[] = []
  for (let run = 0; run < settings.runs; run++) {
    const before = await ask<{ cpu: number }>(child)
    const clientBefore = cpuMicros()
    const startMs = performance.now()
    await load(channels, settings.concurrent, settings.calls, settings.timeout)
    const wallMs = performance.now() - startMs
    const client = (cpuMicros() - clientBefore) / settings.calls
    const after = await ask<{ cpu: number }>(child)
    rows.push({ rate: (settings.calls / wallMs) * 1000, server: (after.cpu - before.cpu) / settings.calls, client })
  }
  const show = (name: 'rate' | 'server' | 'client', digits: number): string => {
    const sorted = rows.map(row => row[name]).sort((a, b) => a - b)
    const median = sorted[sorted.length >> 1]!
    return `${median.toFixed(digits)} [${sorted[0]!.toFixed(digits)}-${sorted[sorted.length - 1]!.toFixed(digits)}]`
  }
  console.log(
    `put ${settings.connections}/${settings.concurrent}${settings.timeout > 0 ? ' with deadline' : ''}, ` +
      `${settings.runs} runs of ${settings.calls}: ${show('rate', 0)} calls/s, ` +
      `server ${show('server', 2)} us CPU/call, client ${show('client', 2)} us CPU/call`,
  )
  await Promise.all(channels.map(channel => channel.close()))
  child.disconnect()
}

if (process.argv[2] === 'server') await serve()
else await main()
