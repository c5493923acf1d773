import { deepEqual, equal, throws } from 'node:assert/strict'
import { keyBytesMax } from '../limits.ts'
import { birds, bytesOf, last, listed, numberKey, type PlaceCase, plants, putText, textAt } from './place.ts'

/** Reading what was written, committed or not. */
export const readCases: readonly PlaceCase[] = [
  {
    name: 'a new state is empty and small, its buckets in the order of their names',
    async check(place) {
      const backend = await place.open()
      deepEqual(
        backend.buckets.map(bucket => bucket.name),
        ['birds', 'plants', 'zebras'],
      )
      deepEqual(backend.consistent, { index: 0, term: 0 })
      deepEqual(backend.durable, { index: 0, term: 0 })
      equal(backend.get(plants, bytesOf('rose')), undefined)
      deepEqual(listed(backend.records(plants)), [])
      const { allocatedBytes, inUseBytes } = backend.sizes()
      equal(allocatedBytes <= 20_480, true, `${allocatedBytes} bytes allocated`)
      equal(inUseBytes <= 20_480, true, `${inUseBytes} bytes in use`)
      await backend.close()
    },
  },
  {
    name: 'what is written is read at once, replaced, deleted, and put again',
    async check(place) {
      const backend = await place.open()
      putText(backend, plants, { rose: 'red', iris: 'blue' })
      equal(textAt(backend, plants, 'rose'), 'red')
      putText(backend, plants, { rose: 'white' })
      equal(textAt(backend, plants, 'rose'), 'white')
      backend.delete(plants, bytesOf('rose'))
      backend.delete(plants, bytesOf('tulip'))
      equal(textAt(backend, plants, 'rose'), undefined)
      deepEqual(listed(backend.records(plants)), ['iris=blue'])
      putText(backend, plants, { rose: 'pink' })
      deepEqual(listed(backend.records(plants)), ['iris=blue', 'rose=pink'])
      await backend.close()
    },
  },
  {
    name: 'a write over a committed record hides it, in get and in records',
    async check(place) {
      const backend = await place.open()
      putText(backend, plants, { aster: '1', iris: '1', rose: '1', tulip: '1' })
      backend.endEntry({ index: 1, term: 1 })
      await backend.commit()
      putText(backend, plants, { iris: '2', lily: '2', violet: '2' })
      backend.delete(plants, bytesOf('rose'))
      equal(textAt(backend, plants, 'rose'), undefined)
      deepEqual(listed(backend.records(plants)), ['aster=1', 'iris=2', 'lily=2', 'tulip=1', 'violet=2'])
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      deepEqual(listed(backend.records(plants)), ['aster=1', 'iris=2', 'lily=2', 'tulip=1', 'violet=2'])
      await backend.close()
    },
  },
  {
    name: 'records come in byte order, from and to cut, and buckets do not mix',
    async check(place) {
      const backend = await place.open()
      const keys = ['', '\x00', '\x00\x00', 'a', 'a\x00', 'ab', 'b', '\x7f', '~']
      const high = [Uint8Array.of(255), Uint8Array.of(255, 255), Uint8Array.of(128)]
      for (const bucket of [birds, plants, last]) {
        for (const key of keys.toReversed()) backend.put(bucket, bytesOf(key), bytesOf(bucket.name))
        for (const key of high) backend.put(bucket, key, bytesOf(bucket.name))
      }
      const order = [...keys.toSorted(), '\x80', '\xff', '\xff\xff']
      for (const step of ['written', 'committed']) {
        for (const bucket of [birds, plants, last]) {
          const at = `${step}, ${bucket.name}`
          const found = Array.from(backend.records(bucket), ({ key }) => new TextDecoder('latin1').decode(key))
          deepEqual(found.map(printable), order.map(printable), at)
          deepEqual(
            listed(backend.records(bucket, { from: bytesOf('a'), to: bytesOf('b') })),
            ['a', 'a\x00', 'ab'].map(key => `${key}=${bucket.name}`),
            at,
          )
          equal(listed(backend.records(bucket, { from: bytesOf('b') })).length, 6, at)
          equal(listed(backend.records(bucket, { to: bytesOf('a') })).length, 3, at)
          equal(listed(backend.records(bucket, { from: bytesOf('b'), to: bytesOf('a') })).length, 0, at)
        }
        backend.endEntry({ index: step === 'written' ? 1 : 2, term: 1 })
        await backend.commit()
      }
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'empty and large values, and keys up to the bound',
    async check(place) {
      const backend = await place.open()
      const longest = new Uint8Array(keyBytesMax).fill(107)
      const sizes = [0, 1, 3, 4, 5, 4_096, 131_072, 131_073, 1_500_000, 20_000_000]
      for (const size of sizes) backend.put(plants, numberKey(size), new Uint8Array(size).fill(size))
      backend.put(plants, longest, bytesOf('long'))
      for (const step of ['written', 'committed']) {
        for (const size of sizes) {
          deepEqual(backend.get(plants, numberKey(size)), new Uint8Array(size).fill(size), `${step}, ${size}`)
        }
        deepEqual(backend.get(plants, longest), bytesOf('long'), step)
        equal([...backend.records(plants)].length, sizes.length + 1, step)
        backend.endEntry({ index: step === 'written' ? 1 : 2, term: 1 })
        await backend.commit()
      }
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'a key that is too long and a bucket that was not given are refused, and nothing changes',
    async check(place) {
      const backend = await place.open()
      const tooLong = new Uint8Array(keyBytesMax + 1)
      const stranger = { id: 9, name: 'stranger' }
      throws(() => backend.put(plants, tooLong, bytesOf('x')), { code: 'KEY_TOO_LARGE' })
      throws(() => backend.put(stranger, bytesOf('x'), bytesOf('x')), { code: 'UNKNOWN_BUCKET' })
      throws(() => backend.delete(stranger, bytesOf('x')), { code: 'UNKNOWN_BUCKET' })
      throws(() => backend.get(stranger, bytesOf('x')), { code: 'UNKNOWN_BUCKET' })
      throws(() => backend.records(stranger), { code: 'UNKNOWN_BUCKET' })
      equal(backend.pendingOperations, 0)
      deepEqual(listed(backend.records(plants)), [])
      await backend.close()
    },
  },
  {
    name: 'records that nobody touches appear once while others are written and committed',
    async check(place) {
      const backend = await place.open()
      for (let number = 0; number < 3_000; number += 2) backend.put(plants, numberKey(number), bytesOf('even'))
      backend.endEntry({ index: 1, term: 1 })
      await backend.commit()
      for (let number = 1; number < 3_000; number += 6) backend.put(plants, numberKey(number), bytesOf('pending'))
      backend.endEntry({ index: 2, term: 1 })
      const seen: number[] = []
      let step = 0
      for (const { key } of backend.records(plants)) {
        seen.push(Number(new DataView(key.buffer, key.byteOffset).getBigUint64(0)))
        step++
        backend.put(plants, numberKey(10_000 + step), bytesOf('new'))
        if (step === 3) backend.delete(plants, numberKey(2_998))
        if (step % 300 === 0) {
          backend.endEntry({ index: 2 + step, term: 1 })
          await backend.commit()
        }
        if (step > 5_000) break
      }
      const old = seen.filter(number => number < 2_998)
      const expected: number[] = []
      for (let number = 0; number < 2_998; number++) if (number % 2 === 0 || number % 6 === 1) expected.push(number)
      deepEqual(old, expected)
      deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      )
      await backend.close()
    },
  },
]

function printable(text: string): string {
  return JSON.stringify(text)
}
