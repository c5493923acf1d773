import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { createGrpcChannel, type GrpcError, StatusCode } from '../src/index.ts'
import { gzip } from './gzip.ts'
import { INTEROP_LIMIT_BYTES, interopServer } from './interop-service.ts'
import { listen, nodeClock, socketPipe } from './node-world.ts'

const python = '/usr/bin/python3'
const program = (name: string): string => new URL(`testdata/${name}`, import.meta.url).pathname

function hasGrpcio(): boolean {
  try {
    execFileSync(python, ['-c', 'import grpc'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** gRPC's C core, by way of Python. */
describe.skipIf(!hasGrpcio())(
  `Python's grpcio (skipped if ${python} has no module grpc: Debian's python3-grpcio)`,
  () => {
    const children: ChildProcess[] = []
    afterAll(() => {
      for (const child of children) child.kill()
    })

    it('as a client of our server', async () => {
      const log = { cancelled: [] as number[], halfClosed: 0 }
      const server = interopServer(log)
      const { server: tcp, port } = await listen(pipe => server.accept(pipe))
      const child = spawn(python, [program('client.py'), String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
      children.push(child)
      const results: Record<string, unknown> = {}
      for await (const line of createInterface({ input: child.stdout })) {
        const [name, value] = JSON.parse(line) as [string, unknown]
        results[name] = value
      }
      expect(results).toEqual({
        unary: 'hello',
        metadata: [
          ['x-echo', 'text'],
          ['x-echo-bin', '0001ff'],
        ],
        empty: 0,
        big: true,
        gzip: true,
        many: true,
        error: [
          'NOT_FOUND',
          'nichts: 100 % ñ 鍵',
          [
            ['grpc-status-details-bin', '010203'],
            ['x-trailer', 'tail'],
            ['x-trailer-bin', '00ff'],
          ],
        ],
        unknown: ['UNIMPLEMENTED', 'unknown method Nope for service interop.Test'],
        deadline: 'DEADLINE_EXCEEDED',
        cancel: true,
        collect: 99 * 50 * 100 + 4_000_000,
        count: true,
        chat: ['a', 'b', 'c'],
      })
      await expect.poll(() => log.cancelled.length).toBe(2)
      tcp.close()
      await server.close({ timeoutMs: 1_000 })
    })

    it('as a server of our client', async () => {
      const child = spawn(python, [program('server.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
      children.push(child)
      const port = await new Promise<number>(resolve =>
        createInterface({ input: child.stdout }).once('line', line => resolve(Number(line))),
      )
      const channel = createGrpcChannel({
        clock: nodeClock,
        authority: `127.0.0.1:${port}`,
        limits: { maxReceiveBytes: INTEROP_LIMIT_BYTES },
        compressors: [gzip],
        dial: () => socketPipe(connect({ host: '127.0.0.1', port, allowHalfOpen: true })),
      })
      await channel.connect()
      const call = (method: string, bytes: Uint8Array, options = {}) =>
        channel.call(`/interop.Test/${method}`, bytes, options)

      const hello = await call('Echo', Buffer.from('hello'), {
        metadata: [
          ['x-echo', 'text'],
          ['x-echo-bin', Uint8Array.of(0, 255)],
        ],
      })
      expect([Buffer.from(hello.message).toString(), hello.headers.get('x-echo')]).toEqual(['hello', 'text'])
      expect(hello.headers.getBytes('x-echo-bin')).toEqual(Uint8Array.of(0, 255))
      const big = Buffer.from(Uint8Array.from({ length: 4_000_000 }, (_, i) => i * 31))
      expect(Buffer.compare((await call('Echo', big)).message, big)).toBe(0)
      const compressed = await call('Echo', big, { compression: 'gzip', metadata: [['x-compress', 'gzip']] })
      expect(compressed.headers.get('grpc-encoding')).toBe('gzip')
      expect(Buffer.compare(compressed.message, big)).toBe(0)
      const error = (await call('Fail', big.subarray(0, 1)).catch(caught => caught)) as GrpcError
      expect([error.code, error.message, error.metadata.get('x-trailer')]).toEqual([5, 'nichts: 100 % ñ 鍵', 'tail'])
      expect(error.metadata.getBytes('x-trailer-bin')).toEqual(Uint8Array.of(0, 255))
      await expect(call('Nope', big.subarray(0, 1))).rejects.toMatchObject({ code: StatusCode.UNIMPLEMENTED })
      await expect(call('Hang', big.subarray(0, 1), { timeoutMs: 100 })).rejects.toMatchObject({
        code: StatusCode.DEADLINE_EXCEEDED,
      })

      const stream = (method: string, ...messages: Uint8Array[]): Promise<string[]> =>
        new Promise((resolve, reject) => {
          const got: string[] = []
          const one = channel.stream(`/interop.Test/${method}`, {
            message: (body, start, end) => void got.push(Buffer.from(body.subarray(start, end)).toString()),
            end: failure => (failure === undefined ? resolve(got) : reject(failure)),
          })
          for (const message of messages) one.send(message, 0, message.length)
          one.halfClose()
        })
      expect(await stream('Collect', big, Buffer.alloc(10))).toEqual(['4000010'])
      expect(await stream('Count', Buffer.alloc(3_000))).toEqual(Array.from({ length: 3_000 }, (_, i) => String(i)))
      expect(await stream('Chat', Buffer.from('a'), Buffer.from('b'))).toEqual(['a', 'b'])
      await channel.close({ timeoutMs: 1_000 })
      child.stdin.end()
    })
  },
)
