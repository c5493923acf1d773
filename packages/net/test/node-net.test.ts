import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Listener, limitConnections, NetError, nodeNet, type Pipe } from '@kvs/net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { End } from '../src/contract.ts'

const loopback = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-net-'))
})

afterEach(() => rm(folder, { recursive: true }))

function portOf(listener: Listener): number {
  return listener.address.kind === 'tcp' ? listener.address.port : 0
}

describe('addresses that cannot be', () => {
  test('listening on a foreign address', async () => {
    const listening = nodeNet().listen({ kind: 'tcp', host: '192.0.2.1', port: 0 }, () => undefined)
    await expect(listening).rejects.toMatchObject({ code: 'ADDRESS_NOT_AVAILABLE' })
    await expect(listening).rejects.toThrow(/^net: listen on 192\.0\.2\.1:0: .*EADDRNOTAVAIL/)
  })

  test('a port that is none', async () => {
    const { listen, dial } = nodeNet()
    const address = { kind: 'tcp', host: '127.0.0.1', port: 70_000 } as const
    await expect(listen(address, () => undefined)).rejects.toMatchObject({ code: 'BAD_ADDRESS' })
    await expect(dial(address)).rejects.toMatchObject({ code: 'BAD_ADDRESS' })
  })

  test('a unix path that is too long, or in no folder', async () => {
    const { listen, dial } = nodeNet()
    const long = { kind: 'unix', path: join(folder, 'x'.repeat(200)) } as const
    await expect(listen(long, () => undefined)).rejects.toMatchObject({ name: 'NetError', code: 'BAD_ADDRESS' })
    await expect(dial(long)).rejects.toMatchObject({ name: 'NetError', code: 'BAD_ADDRESS' })
    const missing = { kind: 'unix', path: join(folder, 'none/socket') } as const
    await expect(listen(missing, () => undefined)).rejects.toMatchObject({ name: 'NetError' })
    await expect(dial(missing)).rejects.toMatchObject({ code: 'REFUSED' })
  })

  test('a name that does not resolve', async () => {
    const dialing = nodeNet().dial({ kind: 'tcp', host: 'no-such-host.invalid', port: 1 })
    await expect(dialing).rejects.toMatchObject({ code: 'NAME_NOT_FOUND' })
  })

  test('memory addresses', async () => {
    const { listen, dial } = nodeNet()
    const address = { kind: 'memory', name: 'x' } as const
    await expect(listen(address, () => undefined)).rejects.toMatchObject({ code: 'BAD_ADDRESS' })
    await expect(dial(address)).rejects.toMatchObject({ code: 'BAD_ADDRESS' })
  })

  test('localhost is tried on all its addresses', async () => {
    const { listen, dial } = nodeNet()
    const listener = await listen(loopback, pipe => pipe.destroy())
    const pipe = await dial({ kind: 'tcp', host: 'localhost', port: portOf(listener) })
    pipe.destroy()
    await listener.close()
    const refused = dial({ kind: 'tcp', host: 'localhost', port: portOf(listener) })
    await expect(refused).rejects.toMatchObject({ code: 'REFUSED' })
    await expect(refused).rejects.toThrow(/: .+/)
  })
})

test('a dial that nobody answers times out', async () => {
  // A listener that never accepts and whose queue is full drops further attempts.
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { dial } = nodeNet({ dialTimeoutMs: 1 })
  let timedOut = false
  const opened: Pipe[] = []
  for (let i = 0; i < 1000 && !timedOut; i++) {
    // With a limit of one millisecond some attempt is late sooner or later.
    const block = Date.now() + 3
    const dialing = dial({ kind: 'tcp', host: '127.0.0.1', port })
    while (Date.now() < block);
    await dialing.then(
      pipe => opened.push(pipe),
      error => {
        timedOut = error instanceof NetError && error.code === 'TIMEOUT'
      },
    )
  }
  expect(timedOut).toBe(true)
  for (const pipe of opened) pipe.destroy()
  server.close()
})

describe('unix sockets', () => {
  const path = (): string => join(folder, 'socket')

  test('the file is there while listening and gone after close', async () => {
    const listener = await nodeNet().listen({ kind: 'unix', path: path() }, pipe => pipe.destroy())
    expect(statSync(path()).isSocket()).toBe(true)
    await listener.close()
    expect(existsSync(path())).toBe(false)
  })

  test('a file left over by a dead process is replaced', async () => {
    const { listen, dial } = nodeNet()
    const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    const { spawn } = await import('node:child_process')
    await once(spawn(process.execPath, ['-e', script, path()]), 'exit')
    expect(statSync(path()).isSocket()).toBe(true)
    const listener = await listen({ kind: 'unix', path: path() }, pipe => pipe.destroy())
    const pipe = await dial(listener.address)
    pipe.destroy()
    await listener.close()
  })

  test('a file of another kind is left alone', async () => {
    await writeFile(path(), 'precious')
    const listening = nodeNet().listen({ kind: 'unix', path: path() }, () => undefined)
    await expect(listening).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
    expect(statSync(path()).size).toBe(8)
  })

  test('names of the ends', async () => {
    const { listen, dial } = nodeNet()
    let accepted: Pipe | undefined
    const listener = await listen({ kind: 'unix', path: path() }, pipe => {
      accepted = pipe
    })
    const a = new End(await dial(listener.address)).start()
    a.write('x')
    expect(a.pipe.info).toEqual({ kind: 'unix', remote: `unix:${path()}`, local: 'unix:@' })
    a.destroy()
    await listener.close()
    expect(accepted?.info).toEqual({ kind: 'unix', remote: 'unix:@', local: `unix:${path()}` })
    accepted?.destroy()
  })
})

/** A pipe of ours and the plain socket at its other end. */
async function pipeAndSocket(): Promise<{ pipe: Pipe; socket: Socket; listener: Listener }> {
  let accept: (pipe: Pipe) => void = () => undefined
  const accepting = new Promise<Pipe>(resolve => {
    accept = resolve
  })
  const listener = await nodeNet().listen(loopback, pipe => accept(pipe))
  const socket = connect({ host: '127.0.0.1', port: portOf(listener), allowHalfOpen: true })
  return { pipe: await accepting, socket, listener }
}

test('a reset by the other end closes with RESET', async () => {
  const { pipe, socket, listener } = await pipeAndSocket()
  const end = new End(pipe).start()
  socket.on('error', () => undefined)
  socket.resetAndDestroy()
  await end.events.closed()
  expect(end.events.error).toMatchObject({ name: 'NetError', code: 'RESET' })
  expect(end.events.error?.message).toContain(pipe.info.remote)
  await listener.close()
})

test('a reset before start is told after start', async () => {
  const { pipe, socket, listener } = await pipeAndSocket()
  socket.on('error', () => undefined)
  const closed = new Promise<void>(resolve => {
    ;(pipe as unknown as { whenClosed(callback: () => void): void }).whenClosed(resolve)
  })
  socket.resetAndDestroy()
  await closed
  const end = new End(pipe).start()
  await end.events.closed()
  expect(end.events.log).toEqual(['close'])
  expect(end.events.error).toMatchObject({ code: 'RESET' })
  await listener.close()
})

test('addresses of the ends', async () => {
  const { pipe, socket, listener } = await pipeAndSocket()
  expect(pipe.info).toEqual({
    kind: 'tcp',
    remote: `127.0.0.1:${socket.localPort}`,
    local: `127.0.0.1:${portOf(listener)}`,
  })
  pipe.destroy()
  socket.destroy()
  await listener.close()
})

test('limitConnections drops what is over the cap and counts what closes', async () => {
  const { listen, dial } = nodeNet()
  const accepted: End[] = []
  const dropped: string[] = []
  const limited = limitConnections(listen, 2, { onDropped: remote => dropped.push(remote) })
  const first = await limited(loopback, pipe => accepted.push(new End(pipe).start()))
  const second = await limited(loopback, pipe => accepted.push(new End(pipe).start()))
  const a = new End(await dial(first.address)).start()
  const b = new End(await dial(second.address)).start()
  const c = new End(await dial(first.address)).start()
  await c.events.until(() => c.events.has('end') || c.events.has('close'))
  expect(dropped).toEqual([c.pipe.info.local])
  expect(accepted.length).toBe(2)
  accepted[0]!.destroy()
  await accepted[0]!.events.closed()
  const d = new End(await dial(second.address)).start()
  d.write('x')
  while (accepted.length < 3) await new Promise(resolve => setImmediate(resolve))
  await accepted[2]!.events.received(1)
  for (const end of [a, b, c, d, ...accepted]) {
    end.destroy()
    await end.events.closed()
  }
  await first.close()
  await second.close()
})
