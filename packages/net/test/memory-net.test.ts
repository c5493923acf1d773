import { type Delivery, memoryNet, memoryPipePair, type Pipe } from '@kvs/net'
import { VirtualClock } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import { End, settle } from '../src/contract.ts'

describe('hosts', () => {
  test('wildcard and loopback mean the host itself', async () => {
    const net = memoryNet()
    const one = net.host('10.0.0.1')
    const two = net.host('10.0.0.2')
    const seen: string[] = []
    const accept = (name: string) => (pipe: Pipe) => {
      seen.push(`${name} from ${pipe.info.remote.replace(/:\d+$/, '')}`)
      pipe.destroy()
    }
    await one.listen({ kind: 'tcp', host: '0.0.0.0', port: 2379 }, accept('one'))
    await two.listen({ kind: 'tcp', host: '127.0.0.1', port: 2379 }, accept('two loopback'))
    await two.listen({ kind: 'tcp', host: '10.0.0.2', port: 2380 }, accept('two'))
    const dial = async (from: typeof one, host: string, port: number): Promise<void> => {
      ;(await from.dial({ kind: 'tcp', host, port })).destroy()
    }
    await dial(two, '10.0.0.1', 2379)
    await dial(one, '127.0.0.1', 2379)
    await dial(one, 'localhost', 2379)
    await dial(two, '127.0.0.1', 2379)
    await dial(one, '10.0.0.2', 2380)
    await expect(dial(one, '10.0.0.2', 2379)).rejects.toMatchObject({ code: 'REFUSED' })
    expect(seen).toEqual([
      ...['one from 10.0.0.2', 'one from 10.0.0.1', 'one from 10.0.0.1'],
      ...['two loopback from 10.0.0.2', 'two from 10.0.0.1'],
    ])
  })

  test('one host may listen on the port of another', async () => {
    const net = memoryNet()
    const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
    await net.host('a').listen(address, pipe => pipe.destroy())
    await net.host('b').listen(address, pipe => pipe.destroy())
    const again = net.host('a').listen(address, () => undefined)
    await expect(again).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  })
})

test('open connections are listed and can be cut', async () => {
  const net = memoryNet()
  const accepted: End[] = []
  await net.listen({ kind: 'memory', name: 'x' }, pipe => accepted.push(new End(pipe).start()))
  const a = new End(await net.host('h1').dial({ kind: 'memory', name: 'x' })).start()
  const b = new End(await net.host('h2').dial({ kind: 'memory', name: 'x' })).start()
  const [first, second] = net.connections()
  expect(first?.from).toMatch(/^h1:\d+$/)
  expect(first?.to).toBe('memory:x')
  a.write('lost')
  first?.cut()
  await Promise.all([a.events.closed(), accepted[0]!.events.closed()])
  expect(a.events.error).toMatchObject({ code: 'RESET' })
  expect(accepted[0]!.events.error).toMatchObject({ code: 'RESET' })
  expect(accepted[0]!.events.receivedBytes).toBe(0)
  expect(net.connections()).toEqual([second])
  b.end()
  accepted[1]!.end()
  await b.events.closed()
  await accepted[1]!.events.closed()
  expect(net.connections()).toEqual([])
})

describe('the scheduler', () => {
  test('gives latency on a virtual clock, pipelined and in order', async () => {
    const clock = new VirtualClock()
    const arrivals: string[] = []
    // The later a delivery is sent the faster it would be: order must hold nevertheless.
    let delayMs = 50
    const [a, b] = memoryPipePair({ schedule: (_delivery, deliver) => clock.setTimer(delayMs--, deliver) })
    const left = new End(a).start()
    const right = new End(b).start()
    right.events.onData = chunk => arrivals.push(`${clock.now()} ${new TextDecoder().decode(chunk)}`)
    await settle()
    for (const text of ['one', 'two', 'three']) left.write(text)
    clock.advance(100)
    expect(arrivals).toEqual(['50 one', '50 two', '50 three'])
    expect(left.pipe.queuedBytes).toBe(0)
  })

  test('may hold back for ever: nothing arrives, nothing breaks', async () => {
    const seen: Delivery[] = []
    const net = memoryNet({ schedule: delivery => seen.push(delivery) })
    const abort = new AbortController()
    const dialing = net.dial({ kind: 'tcp', host: '10.1.1.1', port: 5 }, { signal: abort.signal })
    await settle()
    expect(seen).toEqual([{ kind: 'connect', from: expect.stringMatching(/^client:/), to: '10.1.1.1:5', sizeBytes: 0 }])
    abort.abort()
    await expect(dialing).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('sees every delivery', async () => {
    const seen: string[] = []
    const [a, b] = memoryPipePair({
      schedule: ({ kind, from, to, sizeBytes }, deliver) => {
        seen.push(`${kind} ${from}>${to} ${sizeBytes}`)
        setImmediate(deliver)
      },
    })
    const left = new End(a).start()
    const right = new End(b).start()
    left.write('12345')
    left.end()
    right.destroy()
    await left.events.closed()
    expect(seen).toEqual(['data memory:a>memory:b 5', 'end memory:a>memory:b 0', 'reset memory:b>memory:a 0'])
  })
})

describe('pieces', () => {
  test('bytes come one by one', async () => {
    const [a, b] = memoryPipePair({ pieces: 'bytes' })
    const left = new End(a).start()
    const right = new End(b).start()
    left.write('abc')
    await right.events.received(3)
    expect(right.events.chunks.map(chunk => chunk.length)).toEqual([1, 1, 1])
  })

  test('random pieces need a random source', () => {
    expect(() => memoryPipePair({ pieces: 'random' })).toThrow(/random source/)
  })

  test('the sender may reuse its bytes, the receiver may change its own', async () => {
    const [a, b] = memoryPipePair()
    const left = new End(a).start()
    const right = new End(b).start()
    const bytes = new Uint8Array([1, 2, 3])
    left.pipe.write(bytes)
    right.events.onData = chunk => chunk.fill(9)
    await right.events.received(3)
    expect(bytes).toEqual(new Uint8Array([1, 2, 3]))
  })
})
