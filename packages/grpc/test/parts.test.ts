import { VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageAssembler } from '../src/assembler.ts'
import { ByteQueue } from '../src/http2/byte-queue.ts'
import { Alarm, Timers } from '../src/http2/index.ts'
import { Output } from '../src/http2/output.ts'
import { concat, message } from './raw-peer.ts'

describe('ByteQueue', () => {
  it('gives back what was put in, in any pieces', () => {
    const step = fc.oneof(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.record({ given: fc.uint8Array({ maxLength: 3_000 }) }),
      fc.integer({ min: 0, max: 5_000 }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const queue = new ByteQueue()
        let model: number[] = []
        const given: Uint8Array[] = []
        const read: Uint8Array[] = []
        for (const one of steps) {
          if (typeof one === 'object' && 'given' in one) {
            const block = one.given.slice()
            if (block.length > 0) given.push(block)
            // Whoever hears that a block was read uses it again.
            queue.give(block, bytes => read.push(bytes.fill(0xee)))
            model.push(...one.given)
          } else if (typeof one !== 'number') {
            queue.push(one, 0, one.length)
            model.push(...one)
          } else {
            const length = Math.min(one, queue.length)
            const target = new Uint8Array(length + 2)
            queue.shift(target, 1, length)
            expect([...target.subarray(1, length + 1)]).toEqual(model.slice(0, length))
            model = model.slice(length)
          }
          expect(queue.length).toBe(model.length)
        }
        queue.shift(new Uint8Array(queue.length), 0, queue.length)
        expect(read).toEqual(given)
      }),
      { numRuns: 200 },
    )
  })
})

describe('Output', () => {
  it('uses room again that was taken, and no other', () => {
    const step = fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.constantFrom('drain' as const, 'taken' as const))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const output = new Output()
        const handed: { readonly bytes: Uint8Array; readonly copy: Uint8Array }[] = []
        let value = 0
        let sum = 0
        for (const one of steps) {
          if (one === 'taken') {
            if (output.pendingBytes === 0) handed.length = 0
            output.taken()
          } else if (one === 'drain') {
            output.drainTo({ write: bytes => handed.push({ bytes, copy: bytes.slice() }) > 0 })
            expect(output.pendingBytes).toBe(0)
            sum = 0
          } else {
            output.reserve(one)
            output.bytes.fill(++value, output.at, output.at + one)
            output.at += one
            sum += one
            expect(output.pendingBytes).toBe(sum)
          }
          for (const { bytes, copy } of handed) expect(Buffer.compare(bytes, copy)).toBe(0)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('keeps one slab as long as everything is taken at once', () => {
    const output = new Output()
    const slabs = new Set<Uint8Array>()
    for (let i = 0; i < 1000; i++) {
      output.reserve(3_000)
      slabs.add(output.bytes)
      output.at += 3_000
      output.drainTo({ write: () => true })
      output.taken()
    }
    expect(slabs.size).toBe(1)
  })

  it('hands over what was written, in order, and never touches it again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.constant(0)), { maxLength: 60 }),
        lengths => {
          const output = new Output()
          const sent: Uint8Array[] = []
          const copies: Uint8Array[] = []
          const wanted: number[] = []
          let value = 0
          for (const length of lengths) {
            if (length === 0) {
              output.drainTo({
                write(bytes) {
                  sent.push(bytes)
                  copies.push(bytes.slice())
                  return true
                },
              })
              expect(output.pendingBytes).toBe(0)
            } else {
              output.reserve(length)
              for (let i = 0; i < length; i++) {
                wanted.push(++value & 255)
                output.bytes[output.at++] = value
              }
            }
          }
          const pending = output.pendingBytes
          expect(sent.reduce((sum, part) => sum + part.length, pending)).toBe(wanted.length)
          expect(Buffer.compare(concat(...sent), Uint8Array.from(wanted.slice(0, wanted.length - pending)))).toBe(0)
          for (const [i, part] of sent.entries()) expect(Buffer.compare(part, copies[i]!)).toBe(0)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('Timers', () => {
  it('due times beyond 32 bits of milliseconds', () => {
    const clock = new VirtualClock()
    const timers = new Timers(clock)
    const fired: number[] = []
    timers.add(new Alarm(nowMs => void fired.push(nowMs)), 1e10)
    expect(clock.nextAt()).toBe(0x7fff_ffff)
    clock.advance(1e10 - 1)
    expect(fired).toEqual([])
    clock.advance(1)
    expect(fired).toEqual([1e10])
  })

  it('expire in order, whatever is added, moved and removed, on one timer of the clock', () => {
    const step = fc.tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom('add', 'remove', 'advance'),
      fc.integer({ min: 0, max: 50 }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const clock = new VirtualClock()
        const timers = new Timers(clock)
        const due = new Map<number, number>()
        const alarms = Array.from(
          { length: 10 },
          (_, id) =>
            new Alarm(nowMs => {
              expect(due.get(id)).toBe(nowMs)
              expect(Math.min(...due.values())).toBe(nowMs)
              due.delete(id)
            }),
        )
        for (const [id, action, ms] of steps) {
          if (action === 'add') {
            due.set(id, clock.now() + ms)
            timers.add(alarms[id]!, clock.now() + ms)
          } else if (action === 'remove') {
            due.delete(id)
            timers.remove(alarms[id]!)
          } else clock.advance(ms)
          expect(timers.length).toBe(due.size)
          if (due.size === 0) expect(clock.nextAt()).toBeUndefined()
          else expect(clock.nextAt()).toBeLessThanOrEqual(Math.min(...due.values()))
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('MessageAssembler', () => {
  it('finds the same messages in any pieces, with pauses anywhere', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 8 })
    const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.boolean()), { maxLength: 40 })
    fc.assert(
      fc.property(bodies, pieces, (messages, cuts) => {
        const wire = concat(...messages.map(body => message(body)))
        const got: Uint8Array[] = []
        let held = 0
        let wanted = true
        let pauses = cuts.length
        const assembler = new MessageAssembler(
          {
            message(bytes, start, end) {
              got.push(bytes.slice(start, end))
              wanted = pauses-- <= 0 || got.length % 3 !== 0
              return wanted
            },
            broken: (_code, text) => expect.unreachable(text),
            hold(bytes) {
              held += bytes
              return true
            },
          },
          { maxReceiveBytes: 700, encoding: undefined, compressor: undefined, role: 'server' },
        )
        let at = 0
        for (const [length, resume] of [...cuts, [wire.length, true] as const]) {
          const end = Math.min(wire.length, at + length)
          assembler.push(wire, at, end, wanted)
          at = end
          expect(held).toBe(assembler.keptBytes)
          while (resume && !wanted) {
            wanted = true
            assembler.resume()
          }
        }
        expect(got.map(body => [...body])).toEqual(messages.map(body => [...body]))
        expect(held).toBe(0)
      }),
      { numRuns: 500 },
    )
  })
})
