import { type CallOptions, createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { createTlsClient, nodeNet } from '@kvs/net'
import { PermissionType } from '@kvs/proto/auth'
import { auth, keyOf, type Load, type LoadResult, requestsOf, streams } from './loads.ts'

const clock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback: () => void) => {
    setImmediate(callback)
  },
}

/** Latencies of the calls of a load, and what they cost. */
class Meter {
  readonly #latencies: Float64Array
  readonly #cpu = process.cpuUsage()
  readonly #startedAt = performance.now()
  #count = 0

  constructor(operations: number) {
    this.#latencies = new Float64Array(operations)
  }

  get count(): number {
    return this.#count
  }

  took(ms: number): void {
    this.#latencies[this.#count++] = ms
  }

  result(): LoadResult {
    const seconds = (performance.now() - this.#startedAt) / 1000
    const { user, system } = process.cpuUsage(this.#cpu)
    const latencies = this.#latencies.subarray(0, this.#count).sort()
    const at = (quantile: number): number => latencies[Math.floor(quantile * (latencies.length - 1))] as number
    const clientUs = (user + system) / this.#count
    return { perSecond: this.#count / seconds, p50Ms: at(0.5), p99Ms: at(0.99), clientUs }
  }
}

/**
 * Runs a load against the server on `port`, or the servers on these in turn: every client asks again as soon as it is
 * answered.
 */
export async function generate(port: number | readonly number[], load: Load): Promise<LoadResult> {
  const ports = typeof port === 'number' ? [port] : port
  const channels = await Promise.all(
    Array.from({ length: load.connections }, (_, i) => connect(ports[i % ports.length] as number, load.encrypted)),
  )
  const unaryOrPaced = load.paced === undefined ? unary : paced
  const run = load.kind === 'watch' ? watch : load.kind === 'keep-alive' ? keepAlive : unaryOrPaced
  const result = await run(channels, load)
  await Promise.all(channels.map(channel => channel.close()))
  return result
}

export async function connect(port: number, encrypted: boolean = false): Promise<GrpcChannel> {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const plain = nodeNet().dial
  const dial = encrypted ? (await createTlsClient({ alpn: ['h2'], skipVerify: true })).dial(plain) : plain
  const channel = createGrpcChannel({ clock, dial: () => dial(address), authority: `127.0.0.1:${port}` })
  await channel.connect()
  return channel
}

const password = 'bench'

/** Switches authentication on; the token of a user who may read and write all keys. */
export async function logIn(port: number): Promise<string> {
  const channel = await connect(port)
  const { roleAdd, roleGrantPermission, userAdd, userGrantRole, authEnable, authenticate } = auth
  const perm = { permType: PermissionType.READWRITE, key: Uint8Array.of(1), rangeEnd: Uint8Array.of(0) }
  for (const name of ['root', 'user']) {
    await channel.call(roleAdd.path, roleAdd.encodeRequest({ name }))
    await channel.call(userAdd.path, userAdd.encodeRequest({ name, password }))
    await channel.call(userGrantRole.path, userGrantRole.encodeRequest({ user: name, role: name }))
  }
  await channel.call(roleGrantPermission.path, roleGrantPermission.encodeRequest({ name: 'user', perm }))
  await channel.call(authEnable.path, authEnable.encodeRequest({}))
  const { message } = await channel.call(authenticate.path, authenticate.encodeRequest({ name: 'user', password }))
  await channel.close()
  return authenticate.decodeResponse(message).token
}

async function unary(channels: readonly GrpcChannel[], load: Load): Promise<LoadResult> {
  const { path, requests } = requestsOf(load)
  const options: CallOptions = load.token === undefined ? {} : { metadata: [['token', load.token]] }
  const meter = new Meter(load.calls)
  await new Promise<void>((resolve, reject) => {
    let sent = 0
    const ask = (channel: GrpcChannel): void => {
      if (sent === load.calls) return
      const number = sent++
      const askedAt = performance.now()
      channel.unary(path, requests[number % requests.length] as Uint8Array, options, error => {
        if (error !== undefined) return reject(error)
        meter.took(performance.now() - askedAt)
        if (meter.count === load.calls) resolve()
        else ask(channel)
      })
    }
    for (let i = 0; i < load.clients; i++) ask(channels[i % channels.length] as GrpcChannel)
  })
  return meter.result()
}

const paceMs = 5

/** So many calls a second while no more than `clients` are open; fewer where the servers cannot do so many. */
async function paced(channels: readonly GrpcChannel[], load: Load): Promise<LoadResult> {
  const { path, requests } = requestsOf(load)
  const meter = new Meter(load.calls)
  const startedAt = performance.now()
  await new Promise<void>((resolve, reject) => {
    let sent = 0
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1000) * (load.paced as number)
      for (; sent < Math.min(due, load.calls) && sent - meter.count < load.clients; sent++) {
        const askedAt = performance.now()
        const channel = channels[sent % channels.length] as GrpcChannel
        channel.unary(path, requests[sent % requests.length] as Uint8Array, {}, error => {
          if (error !== undefined) return reject(error)
          meter.took(performance.now() - askedAt)
          if (meter.count === load.calls) resolve()
        })
      }
      if (sent === load.calls) clearInterval(timer)
    }, paceMs)
  })
  return meter.result()
}

/** Every client has a stream with one lease, and renews it again and again. */
async function keepAlive(channels: readonly GrpcChannel[], load: Load): Promise<LoadResult> {
  const leases = await Promise.all(
    Array.from({ length: load.clients }, async (_, i) => {
      const request = streams.grant.encodeRequest({ ttl: 1000 })
      const { message } = await (channels[i % channels.length] as GrpcChannel).call(streams.grant.path, request)
      return streams.grant.decodeResponse(message).id
    }),
  )
  const meter = new Meter(load.calls)
  await new Promise<void>((resolve, reject) => {
    let sent = 0
    for (const [i, id] of leases.entries()) {
      const request = streams.keepAlive.encodeRequest({ id })
      let askedAt = 0
      const ask = (): void => {
        if (sent === load.calls) return
        sent++
        askedAt = performance.now()
        stream.send(request, 0, request.length)
      }
      const stream = (channels[i % channels.length] as GrpcChannel).stream(streams.keepAlive.path, {
        message: () => {
          meter.took(performance.now() - askedAt)
          if (meter.count === load.calls) resolve()
          else ask()
        },
        end: error => error !== undefined && meter.count < load.calls && reject(error),
      })
      ask()
    }
  })
  return meter.result()
}

/** Watchers, ten streams of them, and puts; an operation is one event, its latency that from the put to the event. */
async function watch(channels: readonly GrpcChannel[], load: Load): Promise<LoadResult> {
  const { watchers = 1, calls, keys } = load
  const perPut = watchers / keys
  const sentAt = new Float64Array(calls)
  let meter = new Meter(calls * perPut)
  let created = 0
  let ready: () => void = () => {}
  let over: () => void = () => {}
  const isReady = new Promise<void>(resolve => {
    ready = resolve
  })
  const isOver = new Promise<void>(resolve => {
    over = resolve
  })
  const message = (body: Uint8Array, from: number, to: number): void => {
    const response = streams.watch.decodeResponse(body, from, to)
    if (response.created && ++created === watchers) ready()
    const now = performance.now()
    for (const { kv } of response.events) {
      const number = kv === undefined ? 0 : new DataView(kv.value.buffer, kv.value.byteOffset).getUint32(0)
      meter.took(now - (sentAt[number] as number))
    }
    if (meter.count === calls * perPut) over()
  }
  const open = channels.map(channel => channel.stream(streams.watch.path, { message, end: () => {} }))
  for (let i = 0; i < watchers; i++) {
    const request = streams.watch.encodeRequest({ createRequest: { key: keyOf(i % keys) } })
    open[i % open.length]?.send(request, 0, request.length)
  }
  await isReady
  meter = new Meter(calls * perPut)
  await putAll(channels, load, sentAt)
  await isOver
  const result = meter.result()
  for (const stream of open) stream.cancel()
  return result
}

/** Puts with their number in the first four bytes of the value. */
async function putAll(channels: readonly GrpcChannel[], load: Load, sentAt: Float64Array): Promise<void> {
  const { calls, keys, clients, valueBytes, paced } = load
  let next = 0
  const put = async (channel: GrpcChannel): Promise<void> => {
    const number = next++
    const value = new Uint8Array(Math.max(4, valueBytes))
    new DataView(value.buffer).setUint32(0, number)
    const request = streams.put.encodeRequest({ key: keyOf(number % keys), value })
    sentAt[number] = performance.now()
    await channel.call(streams.put.path, request)
  }
  const startedAt = performance.now()
  const client = async (channel: GrpcChannel): Promise<void> => {
    while (next < calls) {
      const dueMs = paced === undefined ? 0 : startedAt + (next / paced) * 1000 - performance.now()
      if (dueMs > 0) await new Promise(resolve => setTimeout(resolve, dueMs))
      if (next < calls) await put(channel)
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, i) => client(channels[i % channels.length] as GrpcChannel)))
}
