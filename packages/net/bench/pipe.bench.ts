/**
 * What a pipe costs: CPU of the writing process per write of 100 bytes, beside the bare socket, and answers per second.
 * The other end runs in a process of its own. Promise: a pipe over a socket costs at most 5 % more than the socket.
 *
 * Arguments: `writes=300000 batch=50 runs=5`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryPipePair, nodeNet, type Pipe, type PipeAddress } from '../src/index.ts'

const MESSAGE_BYTES = 100
const message = new Uint8Array(MESSAGE_BYTES).fill(0x6b)

function argument(name: string, fallback: number): number {
  const given = process.argv.find(arg => arg.startsWith(`${name}=`))
  return given === undefined ? fallback : Number(given.slice(name.length + 1))
}

const writes = argument('writes', 300_000)
const batch = argument('batch', 50)
const runs = argument('runs', 5)

/** In the other process: takes all bytes of a pipe and answers each full message with one byte once it is asked to. */
async function serve(path: string): Promise<void> {
  const { listen } = nodeNet()
  const accept = (pipe: Pipe): void => {
    let bytes = 0
    pipe.start({
      data: chunk => {
        const before = Math.floor(bytes / MESSAGE_BYTES)
        bytes += chunk.length
        const messages = Math.floor(bytes / MESSAGE_BYTES) - before
        if (messages > 0) pipe.write(new Uint8Array(messages))
      },
      drain: () => undefined,
      end: () => pipe.end(),
      close: () => undefined,
    })
  }
  const tcp = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, accept)
  const unix = await listen({ kind: 'unix', path }, accept)
  process.send?.([tcp.address, unix.address])
}

interface Sender {
  write(bytes: Uint8Array): unknown
  /** Called with the number of bytes that came back. */
  onAnswer: (bytes: number) => void
  close(): void
}

async function overPipe(address: PipeAddress): Promise<Sender> {
  return pipeSender(await nodeNet().dial(address))
}

function pipeSender(pipe: Pipe): Sender {
  const sender: Sender = { write: bytes => pipe.write(bytes), onAnswer: () => undefined, close: () => pipe.destroy() }
  const nothing = (): void => undefined
  pipe.start({ data: chunk => sender.onAnswer(chunk.length), drain: nothing, end: nothing, close: nothing })
  return sender
}

async function overSocket(address: PipeAddress): Promise<Sender> {
  const noDelay = { noDelay: true } as const
  const socket: Socket =
    address.kind === 'tcp'
      ? connect({ host: address.host, port: address.port, ...noDelay })
      : connect({ path: address.kind === 'unix' ? address.path : '', ...noDelay })
  await once(socket, 'connect')
  const sender: Sender = {
    write: bytes => socket.write(bytes),
    onAnswer: () => undefined,
    close: () => socket.destroy(),
  }
  socket.on('data', chunk => sender.onAnswer(chunk.length))
  return sender
}

async function overMemory(): Promise<Sender> {
  const [a, b] = memoryPipePair()
  const nothing = (): void => undefined
  const answer = (chunk: Uint8Array): boolean => b.write(new Uint8Array(Math.ceil(chunk.length / MESSAGE_BYTES)))
  b.start({ data: answer, drain: nothing, end: nothing, close: nothing })
  return pipeSender(a)
}

interface Row {
  readonly cpuMicros: number
  readonly perSecond: number
}

/** Writes batch after batch, each when the one before is answered. */
function measure(sender: Sender): Promise<Row> {
  return new Promise(resolve => {
    const cpu = process.cpuUsage()
    const start = performance.now()
    let sent = 0
    let answered = 0
    const send = (): void => {
      for (let i = 0; i < batch; i++) sender.write(message)
      sent += batch
    }
    sender.onAnswer = bytes => {
      answered += bytes
      if (answered < sent) return
      if (sent < writes) return send()
      const { user, system } = process.cpuUsage(cpu)
      resolve({ cpuMicros: (user + system) / sent, perSecond: sent / ((performance.now() - start) / 1000) })
    }
    send()
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-net-bench-'))
  const child: ChildProcess = fork(process.argv[1] as string, ['serve', join(folder, 'socket')])
  const [[tcp, unix]] = (await once(child, 'message')) as [[PipeAddress, PipeAddress]]
  const kinds: Record<string, () => Promise<Sender>> = {
    'tcp socket': () => overSocket(tcp),
    'tcp pipe': () => overPipe(tcp),
    'unix socket': () => overSocket(unix),
    'unix pipe': () => overPipe(unix),
    'memory pipe (both ends)': overMemory,
  }
  const rows: Record<string, Row[]> = {}
  // Alternating, so that a slow minute of the machine hits all alike.
  for (let run = 0; run <= runs; run++) {
    for (const [name, make] of Object.entries(kinds)) {
      const sender = await make()
      const row = await measure(sender)
      sender.close()
      if (run > 0) rows[name] = [...(rows[name] ?? []), row]
    }
  }
  console.log(`${writes} writes of ${MESSAGE_BYTES} bytes, ${batch} in flight, median of ${runs} runs`)
  for (const [name, measured] of Object.entries(rows)) {
    const cpu = measured.map(row => row.cpuMicros)
    const spread = (Math.max(...cpu) - Math.min(...cpu)) / median(cpu)
    const perSecond = Math.round(median(measured.map(row => row.perSecond)) / 1000)
    console.log(
      `${name.padEnd(24)} ${median(cpu).toFixed(2)} µs CPU per write, ${perSecond} k answers/s (spread ${Math.round(spread * 100)} %)`,
    )
  }
  child.kill()
  rmSync(folder, { recursive: true })
}

const path = process.argv[2] === 'serve' ? process.argv[3] : undefined
if (path === undefined) await bench()
else await serve(path)
