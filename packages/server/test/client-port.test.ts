import { memoryPipePair, type Pipe } from '@kvs/net'
import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import { clientGuests, servePort } from '../src/client-port.ts'
import type { Logger } from '../src/parts.ts'
import { bytesOf } from './messages.ts'

/** A port whose guests write down what they were handed, and the other end of a new connection to it. */
function world() {
  const clock = new VirtualClock()
  const notes: string[] = []
  const lines: string[] = []
  const [near, far] = memoryPipePair()
  const say = (): void => {}
  const logger: Logger = { debug: message => lines.push(message), info: say, warn: say, error: say }
  const guest = (name: string) => (pipe: Pipe) => {
    pipe.start({
      data: chunk => notes.push(`${name} ${new TextDecoder().decode(chunk)}`),
      drain: say,
      end: say,
      close: say,
    })
  }
  const guests = clientGuests({ grpc: guest('grpc'), http1: guest('http1') })
  servePort({ clock, logger, guests, name: 'client endpoint' }, near)
  let closed = false
  far.start({ data: say, drain: say, end: say, close: () => (closed = true) })
  return { clock, notes, lines, far, near, isClosed: () => closed }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}

test.each([
  ['HTTP/2, which is gRPC', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'grpc'],
  ['HTTP/1.1', 'GET /version HTTP/1.1\r\n\r\n', 'http1'],
  ['HTTP/1.1 with a method that begins like HTTP/2', 'PROPFIND / HTTP/1.1\r\n\r\n', 'http1'],
])('%s goes to its guest, byte by byte too', async (_what, text, wanted) => {
  const whole = world()
  whole.far.write(bytesOf(text))
  const slow = world()
  for (const char of text) {
    slow.far.write(bytesOf(char))
    await settled()
  }
  await settled()
  expect(whole.notes).toEqual([`${wanted} ${text}`])
  expect(slow.notes.map(note => note.slice(wanted.length + 1)).join('')).toBe(text)
  expect(whole.clock.nextAt()).toBeUndefined()
})

test('what nobody speaks is closed and told', async () => {
  const { far, notes, lines, isClosed } = world()
  far.write(Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0))
  await settled()
  expect([notes, isClosed(), lines]).toEqual([[], true, ['rejected connection on client endpoint']])
})

test('who says nothing is closed after a while', async () => {
  const { clock, isClosed } = world()
  clock.advance(9_999)
  await settled()
  expect(isClosed()).toBe(false)
  clock.advance(1)
  await settled()
  expect(isClosed()).toBe(true)
})
