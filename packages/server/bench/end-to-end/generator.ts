import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { nodeNet } from '@kvs/net'
import { encodePutRequest, encodeRangeRequest, KV } from '@kvs/proto/rpc'

/** What to ask of a server, and how hard. */
export interface Load {
  readonly kind: 'put' | 'range'
  readonly connections: number
  /** Calls open at once, over all connections. */
  readonly clients: number
  readonly calls: number
  readonly keys: number
  readonly valueBytes: number
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of the generator, per call. */
  readonly clientUs: number
}

const clock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback: () => void) => {
    setImmediate(callback)
  },
}

/** Runs a load against the server on `port`: every client asks again as soon as it is answered. */
export async function generate(port: number, load: Load): Promise<LoadResult> {
  const channels = await Promise.all(Array.from({ length: load.connections }, () => connect(port)))
  const requests = makeRequests(load)
  const path = load.kind === 'put' ? KV.put.path : KV.range.path
  const latencies = new Float64Array(load.calls)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await new Promise<void>((resolve, reject) => {
    let sent = 0
    let answered = 0
    const ask = (channel: GrpcChannel): void => {
      if (sent === load.calls) return
      const number = sent++
      const askedAt = performance.now()
      channel.unary(path, requests[number % requests.length] as Uint8Array, {}, error => {
        if (error !== undefined) return reject(error)
        latencies[number] = performance.now() - askedAt
        answered++
        if (answered === load.calls) resolve()
        else ask(channel)
      })
    }
    for (let i = 0; i < load.clients; i++) ask(channels[i % channels.length] as GrpcChannel)
  })
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await Promise.all(channels.map(channel => channel.close()))
  latencies.sort()
  const at = (quantile: number): number => latencies[Math.floor(quantile * (load.calls - 1))] as number
  return { perSecond: load.calls / seconds, p50Ms: at(0.5), p99Ms: at(0.99), clientUs: (user + system) / load.calls }
}

async function connect(port: number): Promise<GrpcChannel> {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const channel = createGrpcChannel({ clock, dial: () => nodeNet().dial(address), authority: `127.0.0.1:${port}` })
  await channel.connect()
  return channel
}

/** 16-byte keys in an order that jumps about, the same in every run. */
function makeRequests(load: Load): readonly Uint8Array[] {
  const value = new Uint8Array(load.valueBytes).fill(0x78)
  return Array.from({ length: load.keys }, (_, i) => {
    const number = (i * 7_919) % load.keys
    const key = new TextEncoder().encode(`key-${String(number).padStart(12, '0')}`)
    return load.kind === 'put' ? encodePutRequest({ key, value }) : encodeRangeRequest({ key })
  })
}
