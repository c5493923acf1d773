import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGrpcServer, type GrpcServer, StatusCode, type StreamCall } from '../src/index.ts'
import { listen, nodeClock } from './node-world.ts'

const etcdctl = '/usr/bin/etcdctl'
const run = promisify(execFile)

/** `ResponseHeader` with cluster 1, member 2, revision 3, term 4, as field 1 of an answer. */
const header = [0x0a, 0x08, 0x08, 1, 0x10, 2, 0x18, 3, 0x20, 4]

/** A length-delimited field. */
function field(number: number, bytes: Iterable<number>): number[] {
  const body = [...bytes]
  return [(number << 3) | 2, ...varint(body.length), ...body]
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]
}

/** The length-delimited fields of a message, by number; varints are skipped. */
function fields(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  let at = 0
  const next = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = next()
    const value = next()
    if ((tag & 7) !== 2) continue
    found.set(tag >> 3, bytes.slice(at, at + value))
    at += value
  }
  return found
}

function keyValue(key: string, value: Uint8Array): number[] {
  return [...field(1, Buffer.from(key)), 0x10, 3, 0x18, 3, 0x20, 1, ...field(5, value)]
}

describe.skipIf(!existsSync(etcdctl))(`etcdctl (skipped if ${etcdctl} is missing)`, () => {
  const store = new Map<string, Uint8Array>()
  const watchers = new Set<StreamCall>()
  let grpc: GrpcServer
  let server: Server
  let endpoint = ''

  beforeAll(async () => {
    grpc = createGrpcServer({
      clock: nodeClock,
      methods: [
        [
          '/etcdserverpb.KV/Put',
          {
            kind: 'unary',
            handle(call, body, start, end) {
              const put = fields(body.subarray(start, end))
              const key = Buffer.from(put.get(1) ?? []).toString()
              if (key === '') return call.fail(StatusCode.INVALID_ARGUMENT, 'etcdserver: key is not provided')
              store.set(key, put.get(2) ?? new Uint8Array(0))
              const event = field(11, field(2, keyValue(key, store.get(key)!)))
              for (const watcher of watchers)
                watcher.send(Uint8Array.from([...header, ...event]), 0, header.length + event.length)
              call.reply(Uint8Array.from(header), 0, header.length)
            },
          },
        ],
        [
          '/etcdserverpb.KV/Range',
          {
            kind: 'unary',
            handle(call, body, start, end) {
              const key = Buffer.from(fields(body.subarray(start, end)).get(1) ?? []).toString()
              const value = store.get(key)
              const kvs = value === undefined ? [] : [...field(2, keyValue(key, value)), 0x20, 1]
              const answer = Uint8Array.from([...header, ...kvs])
              setImmediate(() => call.reply(answer, 0, answer.length))
            },
          },
        ],
        [
          '/etcdserverpb.Watch/Watch',
          {
            kind: 'stream',
            open: call => ({
              message() {
                watchers.add(call)
                const created = Uint8Array.from([...header, 0x18, 1])
                call.send(created, 0, created.length)
              },
              halfClose: () => call.finish(),
              drain() {},
              cancel: () => void watchers.delete(call),
            }),
          },
        ],
      ],
    })
    const listening = await listen(pipe => grpc.accept(pipe))
    server = listening.server
    endpoint = `127.0.0.1:${listening.port}`
  })

  afterAll(async () => {
    server.close()
    await grpc.close({ timeoutMs: 1_000 })
  })

  const ctl = (...args: string[]) => run(etcdctl, [`--endpoints=${endpoint}`, ...args], { env: { ETCDCTL_API: '3' } })

  it('puts and gets', async () => {
    expect((await ctl('put', 'greeting', 'hello')).stdout).toBe('OK\n')
    expect((await ctl('get', 'greeting')).stdout).toBe('greeting\nhello\n')
    expect((await ctl('get', 'nothing')).stdout).toBe('')
  })

  it('carries a value of one megabyte both ways', async () => {
    const big = 'x'.repeat(100_000)
    expect((await ctl('put', 'big', big)).stdout).toBe('OK\n')
    expect((await ctl('get', 'big', '--print-value-only')).stdout).toBe(`${big}\n`)
  })

  it('passes errors on with code and text', async () => {
    await expect(ctl('put', '', 'x')).rejects.toMatchObject({
      stderr: expect.stringContaining('etcdserver: key is not provided'),
    })
    await expect(ctl('lease', 'grant', '10')).rejects.toMatchObject({
      stderr: expect.stringContaining('unknown service etcdserverpb.Lease'),
    })
    await expect(ctl('del', 'x')).rejects.toMatchObject({
      stderr: expect.stringContaining('unknown method DeleteRange for service etcdserverpb.KV'),
    })
  })

  it('watches', async () => {
    const watch = execFile(etcdctl, [`--endpoints=${endpoint}`, 'watch', 'seen'], { env: { ETCDCTL_API: '3' } })
    const lines = new Promise<string>(resolve => {
      let text = ''
      watch.stdout?.on('data', chunk => {
        text += chunk
        if (text.split('\n').length > 3) resolve(text)
      })
    })
    await expect.poll(() => watchers.size, { timeout: 10_000 }).toBe(1)
    await ctl('put', 'seen', 'event')
    expect(await lines).toBe('PUT\nseen\nevent\n')
    watch.kill('SIGINT')
    await expect.poll(() => watchers.size, { timeout: 10_000 }).toBe(0)
  })
})
