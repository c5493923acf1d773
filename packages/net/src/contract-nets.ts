import * as assert from 'node:assert/strict'
import { End, type PipeCase } from './contract.ts'
import { NetError, type NetErrorCode } from './errors.ts'
import type { Net } from './node-net.ts'
import type { Pipe, PipeAddress } from './pipe.ts'

/** A network, and addresses on it where nobody listens. */
export interface NetUnderTest {
  readonly net: Net
  /** A new address to listen on; a TCP one has port 0. */
  address(): PipeAddress
  readonly dispose?: () => Promise<void>
}

export type NetFactory = () => Promise<NetUnderTest>

type NetCheck = (subject: NetUnderTest) => Promise<void>

async function expectCode(code: NetErrorCode, promise: Promise<unknown>): Promise<void> {
  let error: unknown
  try {
    await promise
  } catch (caught) {
    error = caught
  }
  assert.ok(error instanceof NetError, `expected a NetError ${code}, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
}

/** A listener and the pipes it accepted so far; `next` waits for one more. */
async function listening({ net, address }: NetUnderTest): Promise<{
  readonly listener: Awaited<ReturnType<Net['listen']>>
  next(): Promise<Pipe>
}> {
  const accepted: Pipe[] = []
  let wake = (): void => undefined
  const listener = await net.listen(address(), pipe => {
    accepted.push(pipe)
    wake()
  })
  const next = async (): Promise<Pipe> => {
    for (;;) {
      const pipe = accepted.shift()
      if (pipe !== undefined) return pipe
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return { listener, next }
}

async function closeBoth(a: End, b: End): Promise<void> {
  a.destroy()
  b.destroy()
  await Promise.all([a.events.closed(), b.events.closed()])
}

const checks: readonly (readonly [name: string, check: NetCheck])[] = [
  [
    'a dialed pipe reaches its listener',
    async subject => {
      const { listener, next } = await listening(subject)
      const a = new End(await subject.net.dial(listener.address)).start()
      const b = new End(await next()).start()
      a.write('ping')
      await b.events.received(4)
      b.write('pong!')
      await a.events.received(5)
      assert.equal(b.events.text(), 'ping')
      assert.equal(a.events.text(), 'pong!')
      await closeBoth(a, b)
      await listener.close()
    },
  ],
  [
    'several pipes on one listener are separate',
    async subject => {
      const { listener, next } = await listening(subject)
      const pairs: { a: End; b: End }[] = []
      for (let i = 0; i < 5; i++) {
        const a = new End(await subject.net.dial(listener.address)).start()
        pairs.push({ a, b: new End(await next()).start() })
      }
      for (const [i, { a }] of pairs.entries()) a.write(`pipe ${i}`)
      for (const [i, { b }] of pairs.entries()) {
        await b.events.received(6)
        assert.equal(b.events.text(), `pipe ${i}`)
      }
      for (const { a, b } of pairs) await closeBoth(a, b)
      await listener.close()
    },
  ],
  [
    'an address is taken once',
    async subject => {
      const { listener } = await listening(subject)
      await expectCode(
        'ADDRESS_IN_USE',
        subject.net.listen(listener.address, pipe => pipe.destroy()),
      )
      await listener.close()
    },
  ],
  [
    'a closed listener refuses, its open pipes live on, its address is free',
    async subject => {
      const { listener, next } = await listening(subject)
      const a = new End(await subject.net.dial(listener.address)).start()
      const b = new End(await next()).start()
      await listener.close()
      await listener.close()
      await expectCode('REFUSED', subject.net.dial(listener.address))
      a.write('still here')
      await b.events.received(10)
      const again = await subject.net.listen(listener.address, pipe => pipe.destroy())
      await again.close()
      await closeBoth(a, b)
    },
  ],
  [
    'dialing where nobody listens is refused',
    async subject => {
      const { listener } = await listening(subject)
      await listener.close()
      await expectCode('REFUSED', subject.net.dial(listener.address))
    },
  ],
  [
    'a dial can be aborted',
    async subject => {
      const { listener } = await listening(subject)
      await expectCode('ABORTED', subject.net.dial(listener.address, { signal: AbortSignal.abort() }))
      const abort = new AbortController()
      const dialing = subject.net.dial(listener.address, { signal: abort.signal })
      abort.abort()
      await expectCode('ABORTED', dialing)
      await listener.close()
    },
  ],
]

export function netCases(factory: NetFactory): PipeCase[] {
  return checks.map(([name, check]) => ({
    name,
    run: async () => {
      const subject = await factory()
      try {
        await check(subject)
      } finally {
        await subject.dispose?.()
      }
    },
  }))
}
