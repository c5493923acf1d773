import * as assert from 'node:assert/strict'
import { type Ends, encode, type NamedCheck, pattern, settle } from './contract.ts'
import { NetError } from './errors.ts'

/** Writes until the pipe says that it is full; returns the number of bytes written. */
function fill({ a }: Ends, chunkBytes: number): number {
  let written = 0
  for (;;) {
    const more = a.write(pattern(chunkBytes, written))
    written += chunkBytes
    if (!more) return written
    assert.ok(written < 1e9, 'the pipe is never full')
  }
}

const carrying: readonly NamedCheck[] = [
  [
    'bytes arrive whole and in order, both ways at once',
    async ({ a, b }) => {
      a.start()
      b.start()
      const sizes = [1, 2, 3, 100, 65_536, 7, 250_000, 1, 16_384]
      let sent = 0
      for (const size of sizes) {
        a.write(pattern(size, sent))
        b.write(pattern(size, sent + 5))
        sent += size
      }
      await Promise.all([a.events.received(sent), b.events.received(sent)])
      assert.deepEqual(b.events.bytes(), pattern(sent))
      assert.equal(a.events.receivedBytes, sent)
    },
  ],
  [
    'many small writes arrive',
    async ({ a, b }) => {
      a.start()
      b.start()
      for (let i = 0; i < 2000; i++) a.write(pattern(11, i * 11))
      await b.events.received(22_000)
      assert.deepEqual(b.events.bytes(), pattern(22_000))
    },
  ],
  [
    'bytes may change once the pipe says that it has forgotten them',
    async ({ a, b }) => {
      if (a.pipe.forgetsSent !== true) return
      a.start()
      b.start()
      const bytes = new Uint8Array(30_000)
      let sent = 0
      for (let round = 0; round < 40; round++) {
        bytes.set(pattern(bytes.length, sent))
        a.write(bytes)
        sent += bytes.length
        while (a.pipe.queuedBytes > 0) await settle()
      }
      await b.events.received(sent)
      assert.deepEqual(b.events.bytes(), pattern(sent))
    },
  ],
  [
    'what came before start comes first',
    async ({ a, b }) => {
      a.start()
      a.write('early')
      await settle()
      assert.equal(b.events.log.length, 0)
      b.start()
      a.write(' late')
      await b.events.received(10)
      assert.equal(b.events.text(), 'early late')
    },
  ],
  [
    'an end before start is told after start',
    async ({ a, b }) => {
      a.start()
      a.write('all')
      a.end()
      await settle()
      b.start()
      await b.events.ended()
      assert.equal(b.events.text(), 'all')
      assert.deepEqual(b.events.log, ['data', 'end'])
    },
  ],
  [
    'an end without bytes before start is told after start',
    async ({ a, b }) => {
      a.start()
      a.end()
      await settle()
      b.start()
      await b.events.ended()
      b.write('answer')
      await a.events.received(6)
    },
  ],
  [
    'an answer does not come while the question is being written',
    async ({ a, b }) => {
      a.start()
      b.start()
      await settle()
      b.events.onData = chunk => b.pipe.write(Uint8Array.from(chunk))
      for (let i = 0; i < 10; i++) a.write(pattern(10, i * 10))
      await a.events.received(100)
      assert.deepEqual(a.events.bytes(), pattern(100))
    },
  ],
  [
    'writing works before start',
    async ({ a, b }) => {
      b.start()
      a.write('hello')
      await b.events.received(5)
      assert.equal(b.events.text(), 'hello')
    },
  ],
  [
    'an empty write is harmless',
    async ({ a, b }) => {
      a.start()
      b.start()
      assert.equal(a.write(''), true)
      a.write('x')
      a.write('')
      a.end()
      await b.events.ended()
      assert.equal(b.events.text(), 'x')
    },
  ],
  [
    'a received chunk stays as it is',
    async ({ a, b }) => {
      a.start()
      b.start()
      const copies: Uint8Array[] = []
      b.events.onData = chunk => copies.push(Uint8Array.from(chunk))
      for (let i = 0; i < 50; i++) {
        a.write(pattern(1000, i * 1000))
        await b.events.received((i + 1) * 1000)
      }
      b.events.chunks.forEach((chunk, i) => {
        assert.deepEqual(Uint8Array.from(chunk), copies[i])
      })
    },
  ],
  [
    'who is at the ends can be read',
    async ({ a, b }) => {
      for (const { info } of [a.pipe, b.pipe]) {
        assert.ok(info.kind.length > 0)
        assert.ok(info.local.length > 0)
        assert.ok(info.remote.length > 0)
      }
    },
  ],
  [
    'start works once',
    async ({ a }) => {
      a.start()
      assert.throws(() => a.pipe.start(a.events), /started only once/)
    },
  ],
]

const pressing: readonly NamedCheck[] = [
  [
    'a full pipe says so, loses nothing and tells when it has room',
    async ends => {
      const { a, b } = ends
      a.start()
      b.start()
      b.call(() => b.pipe.pause())
      let written = fill(ends, 50_000)
      assert.ok(a.pipe.queuedBytes > 0)
      a.write(pattern(10, written))
      written += 10
      await settle()
      b.call(() => b.pipe.resume())
      await Promise.all([a.events.until(() => a.events.has('drain')), b.events.received(written)])
      assert.deepEqual(b.events.bytes(), pattern(written))
      await settle()
      assert.equal(a.pipe.queuedBytes, 0)
      assert.equal(a.write('x'), true)
    },
  ],
  [
    'no drain without a full pipe',
    async ({ a, b }) => {
      a.start()
      b.start()
      for (let i = 0; i < 20; i++) {
        assert.equal(a.write(pattern(10)), true)
        await settle()
      }
      await b.events.received(200)
      assert.ok(!a.events.has('drain'))
    },
  ],
  [
    'pause stops data, resume goes on',
    async ({ a, b }) => {
      a.start()
      b.start()
      a.write('one')
      await b.events.received(3)
      b.call(() => b.pipe.pause())
      a.write('two')
      await settle()
      const stopped = b.events.receivedBytes
      assert.equal(stopped, 3)
      b.call(() => b.pipe.resume())
      await b.events.received(6)
      assert.equal(b.events.text(), 'onetwo')
    },
  ],
  [
    'pause from within data stops at once',
    async ({ a, b }) => {
      a.start()
      b.start()
      b.events.onData = () => b.pipe.pause()
      for (let i = 0; i < 10; i++) {
        a.write(pattern(70_000, i * 70_000))
        await settle()
      }
      assert.equal(b.events.chunks.length, 1)
      b.events.onData = undefined
      b.call(() => b.pipe.resume())
      await b.events.received(700_000)
      assert.deepEqual(b.events.bytes(), pattern(700_000))
    },
  ],
  [
    'pause before start holds data back',
    async ({ a, b }) => {
      a.start()
      b.call(() => b.pipe.pause())
      b.start()
      a.write('held')
      await settle()
      assert.equal(b.events.receivedBytes, 0)
      b.call(() => b.pipe.resume())
      await b.events.received(4)
      assert.equal(b.events.text(), 'held')
    },
  ],
  [
    'resume before start loses nothing',
    async ({ a, b }) => {
      a.start()
      b.call(() => b.pipe.resume())
      a.write('kept')
      await settle()
      b.start()
      await b.events.received(4)
      assert.equal(b.events.text(), 'kept')
    },
  ],
]

const ending: readonly NamedCheck[] = [
  [
    'each direction ends by itself, then both sides close without error',
    async ({ a, b }) => {
      a.start()
      b.start()
      a.write('question')
      a.end()
      await b.events.ended()
      assert.equal(b.events.text(), 'question')
      b.write(pattern(100_000))
      await a.events.received(100_000)
      assert.ok(!a.events.has('end'))
      b.end()
      await Promise.all([a.events.closed(), b.events.closed()])
      assert.deepEqual(a.events.log, ['data', 'end', 'close'])
      assert.deepEqual(b.events.log, ['data', 'end', 'close'])
      assert.equal(a.events.error, undefined)
      assert.equal(b.events.error, undefined)
    },
  ],
  [
    'end sends what is queued first',
    async ends => {
      const { a, b } = ends
      a.start()
      b.start()
      b.call(() => b.pipe.pause())
      const written = fill(ends, 50_000)
      a.end()
      await settle()
      b.call(() => b.pipe.resume())
      await b.events.ended()
      assert.deepEqual(b.events.bytes(), pattern(written))
    },
  ],
  [
    'both ends at once close both',
    async ({ a, b }) => {
      a.start()
      b.start()
      a.end()
      b.end()
      await Promise.all([a.events.closed(), b.events.closed()])
      assert.deepEqual(a.events.log, ['end', 'close'])
      assert.deepEqual(b.events.log, ['end', 'close'])
    },
  ],
  [
    'end again does nothing, write after end throws',
    async ({ a, b }) => {
      a.start()
      b.start()
      a.end()
      a.end()
      assert.throws(
        () => a.pipe.write(encode('x')),
        error => error instanceof NetError && error.code === 'CLOSED',
      )
      await b.events.ended()
      assert.equal(b.events.receivedBytes, 0)
    },
  ],
]

const breaking: readonly NamedCheck[] = [
  [
    'destroy closes once, with its error, and drops later writes',
    async ({ a, b }) => {
      a.start()
      b.start()
      const reason = new Error('enough')
      a.destroy(reason)
      a.destroy(new Error('again'))
      assert.equal(a.write('dropped'), false)
      a.call(() => a.pipe.pause())
      a.call(() => a.pipe.resume())
      a.end()
      await a.events.closed()
      assert.equal(a.events.error, reason)
      assert.deepEqual(a.events.log, ['close'])
      assert.equal(a.pipe.queuedBytes, 0)
    },
  ],
  [
    'destroy without error closes without',
    async ({ a }) => {
      a.start()
      a.destroy()
      await a.events.closed()
      assert.equal(a.events.error, undefined)
    },
  ],
  [
    'the other end learns of destroy',
    async ({ a, b }) => {
      a.start()
      b.start()
      a.destroy(new Error('gone'))
      await b.events.until(() => b.events.has('end') || b.events.has('close'))
      if (!b.events.has('close')) b.end()
      await b.events.closed()
    },
  ],
  [
    'destroy from within data is the last data',
    async ({ a, b }) => {
      a.start()
      for (let i = 0; i < 10; i++) {
        a.write(pattern(70_000))
        await settle()
      }
      b.events.onData = () => b.pipe.destroy()
      b.start()
      await b.events.closed()
      assert.deepEqual(b.events.log, ['data', 'close'])
      assert.equal(b.events.chunks.length, 1)
    },
  ],
  [
    'destroy before start: start still tells the close',
    async ({ a }) => {
      const reason = new Error('early')
      a.destroy(reason)
      await settle()
      a.start()
      await a.events.closed()
      assert.deepEqual(a.events.log, ['close'])
      assert.equal(a.events.error, reason)
    },
  ],
  [
    'destroy right after start',
    async ({ a }) => {
      a.start()
      a.destroy()
      await a.events.closed()
      assert.deepEqual(a.events.log, ['close'])
    },
  ],
  [
    'writes to an end that is gone close the pipe',
    async ({ a, b }) => {
      a.start()
      b.start()
      b.destroy()
      await b.events.closed()
      while (!a.events.has('close')) {
        if (a.events.has('end')) a.write(pattern(10_000))
        await settle()
      }
    },
  ],
]

export const pipeCases: readonly NamedCheck[] = [...carrying, ...pressing, ...ending, ...breaking]
