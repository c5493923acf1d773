import { beforeEach, describe, expect, it } from 'vitest'
import { type CallCounters, newCallCounters, StatusCode } from '../src/index.ts'
import { build, bytes, calls, channel, clock, connect, recorder, rest, start, streams } from './channel-world.ts'

let counters: Map<string, CallCounters>
let ended: string[]
let asked: string[]

beforeEach(() => {
  counters = new Map()
  ended = []
  asked = []
  build({
    observer: {
      countersOf(path, metadata) {
        const name = `${path} ${metadata.get('x-version') ?? '-'}`
        asked.push(name)
        const known = counters.get(name) ?? newCallCounters()
        counters.set(name, known)
        return known
      },
      ended(call, end) {
        const { code, durationMs, requestBytes, response, responseStart, responseEnd } = end
        const answer = response === undefined ? 'none' : responseEnd - responseStart
        ended.push(`${call.path} ${code} after ${durationMs} ms: ${requestBytes} in, ${answer} out`)
      },
    },
  })
})

/** `started received sent code=count…` */
function shown(name: string): string {
  const { started, messagesReceived, messagesSent, ended: codes } = counters.get(name) ?? newCallCounters()
  const byCode = codes.flatMap((count, code) => (count === 0 ? [] : [`${code}=${count}`]))
  return [started, messagesReceived, messagesSent, ...byCode].join(' ')
}

describe('an observer', () => {
  it('counts unary calls by method and by code', async () => {
    await connect()
    start('/t.T/Echo', 'abc')
    start('/t.T/Echo', 'de')
    start('/t.T/Hold', 'f')
    start('/t.T/Hold', 'g')
    await rest()
    expect(shown('/t.T/Hold -')).toBe('2 2 0')
    clock.advance(7)
    calls[0]!.fail(StatusCode.OUT_OF_RANGE, 'no')
    calls[1]!.reply(bytes('long answer'), 0, 11)
    await rest()
    expect(shown('/t.T/Echo -')).toBe('2 2 2 0=2')
    expect(shown('/t.T/Hold -')).toBe('2 2 1 0=1 11=1')
    expect(ended).toEqual([
      '/t.T/Echo 0 after 0 ms: 3 in, 3 out',
      '/t.T/Echo 0 after 0 ms: 2 in, 2 out',
      '/t.T/Hold 11 after 7 ms: 1 in, none out',
      '/t.T/Hold 0 after 7 ms: 1 in, 11 out',
    ])
  })

  it('is asked once for calls with the same headers, and separates what differs', async () => {
    await connect()
    const metadata = [['x-version', '3.7']] as const
    for (let i = 0; i < 5; i++) {
      start('/t.T/Echo', 'a')
      start('/t.T/Echo', 'a', { metadata })
      await rest()
    }
    expect(shown('/t.T/Echo -')).toBe('5 5 5 0=5')
    expect(shown('/t.T/Echo 3.7')).toBe('5 5 5 0=5')
    expect(asked.length).toBeLessThan(10)
  })

  it('hears how calls end that were not answered: cancelled, late, cut off', async () => {
    await connect()
    start('/t.T/Hold', 'a', { timeoutMs: 50 })
    await rest()
    clock.advance(60)
    await rest()
    expect(shown('/t.T/Hold -')).toBe('1 1 0 4=1')
    const stream = channel.stream('/t.T/Chat', recorder(), {})
    stream.send(bytes('m'), 0, 1)
    await rest()
    streams[0]!.send(bytes('n'), 0, 1)
    stream.cancel()
    await rest()
    expect(shown('/t.T/Chat -')).toBe('1 1 1 1=1')
    expect(ended.at(-1)).toBe('/t.T/Chat 1 after 0 ms: 0 in, none out')
  })

  it('does not hear of methods that nobody serves', async () => {
    await connect()
    start('/t.T/Nope', 'a')
    await rest()
    expect(asked).toEqual([])
    expect(ended).toEqual([])
  })
})
