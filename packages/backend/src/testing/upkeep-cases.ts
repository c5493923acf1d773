import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import type { Backend } from '../backend.ts'
import { birds, bytesOf, last, listed, numberKey, type PlaceCase, plants, putText, textAt } from './place.ts'

/** Views, copies, sizes, defragmentation, verification. */
export const upkeepCases: readonly PlaceCase[] = [
  {
    name: 'a view does not change, whatever is written, committed or defragmented',
    async check(place) {
      const backend = await place.open()
      for (let number = 0; number < 2_000; number++) backend.put(plants, numberKey(number), bytesOf('old'))
      backend.endEntry({ index: 1, term: 1 })
      await backend.commit()
      putText(backend, plants, { rose: 'pending' })
      const view = backend.view()
      const iterator = view.records(plants)
      equal(iterator.next().value?.value.length, 3)
      for (let number = 0; number < 2_000; number++) backend.put(plants, numberKey(number), bytesOf('newer'))
      putText(backend, birds, { wren: 'small' })
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      await backend.defragment()
      deepEqual(view.consistent, { index: 1, term: 1 })
      equal(textAt(view, plants, 'rose'), undefined)
      deepEqual(listed(view.records(birds)), [])
      equal(
        [...iterator].every(({ value }) => value.length === 3),
        true,
      )
      equal([...view.records(plants, { from: numberKey(10), to: numberKey(20) })].length, 10)
      const later = backend.view()
      deepEqual(later.consistent, { index: 2, term: 1 })
      deepEqual(listed(later.records(birds)), ['wren=small'])
      equal(later.get(plants, numberKey(5))?.length, 5)
      view.close()
      view.close()
      throws(() => view.get(plants, bytesOf('rose')), { code: 'CLOSED' })
      throws(() => view.records(plants), { code: 'CLOSED' })
      later.close()
      await backend.close()
    },
  },
  {
    name: 'a copy is the committed state, and writing goes on meanwhile',
    async check(place) {
      const backend = await place.open()
      await fill(backend, 1)
      putText(backend, plants, { pending: 'not in the copy' })
      const path = place.pathOf('copy')
      const copying = backend.copyTo(path)
      putText(backend, birds, { wren: 'small' })
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      await copying
      const copy = await place.openCopy(path)
      equal(copy.consistent.index === 1 || copy.consistent.index === 2, true)
      equal(listed(copy.records(plants)).length, copy.consistent.index === 1 ? 3_000 : 3_001)
      equal(textAt(copy, last, 'end'), '1')
      await copy.verify()
      putText(copy, plants, { rose: 'own life' })
      copy.endEntry({ index: 3, term: 1 })
      await copy.commit()
      await copy.close()
      equal(textAt(backend, plants, 'rose'), undefined)
      await backend.close()
    },
  },
  {
    name: 'a copy does not overwrite',
    async check(place) {
      const backend = await place.open()
      await fill(backend, 1)
      await backend.copyTo(place.pathOf('copy'))
      putText(backend, birds, { wren: 'small' })
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      await rejects(backend.copyTo(place.pathOf('copy')), { code: 'EXISTS' })
      const copy = await place.openCopy(place.pathOf('copy'))
      deepEqual(copy.consistent, { index: 1, term: 1 })
      await copy.close()
      await backend.close()
    },
  },
  {
    name: 'defragmenting gives space back and loses nothing, pending or committed',
    async check(place) {
      let backend = await place.open()
      await fill(backend, 1)
      const full = backend.sizes()
      for (let number = 0; number < 2_900; number++) backend.delete(plants, numberKey(number))
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      const emptied = backend.sizes()
      equal(emptied.allocatedBytes >= full.allocatedBytes, true, 'allocated bytes stay at their highest')
      equal(emptied.inUseBytes < full.inUseBytes, true, 'bytes in use shrink')
      putText(backend, birds, { wren: 'pending' })
      const defragmenting = backend.defragment()
      putText(backend, birds, { wren: 'written meanwhile' })
      backend.endEntry({ index: 3, term: 1 })
      equal(textAt(backend, birds, 'wren'), 'written meanwhile')
      equal([...backend.records(plants)].length, 100)
      const commit = backend.commit()
      await Promise.all([defragmenting, commit, backend.defragment()])
      const small = backend.sizes()
      equal(small.allocatedBytes < full.allocatedBytes / 2, true, `${small.allocatedBytes} of ${full.allocatedBytes}`)
      equal(small.fileBytes < full.fileBytes / 2, true, `${small.fileBytes} of ${full.fileBytes}`)
      deepEqual(backend.durable, { index: 3, term: 1 })
      equal([...backend.records(plants)].length, 100)
      await backend.verify()
      backend = await place.crash(backend)
      deepEqual(backend.consistent, { index: 3, term: 1 })
      equal(textAt(backend, birds, 'wren'), 'written meanwhile')
      equal([...backend.records(plants)].length, 100)
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'allocated bytes stay at their highest over a restart',
    async check(place) {
      let backend = await place.open()
      await fill(backend, 1)
      for (let number = 0; number < 3_000; number++) backend.delete(plants, numberKey(number))
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      backend.endEntry({ index: 3, term: 1 })
      await backend.commit()
      const before = backend.sizes()
      equal(before.allocatedBytes > before.inUseBytes, true)
      backend = await place.crash(backend)
      equal(backend.sizes().allocatedBytes, before.allocatedBytes)
      await backend.close()
    },
  },
  {
    name: 'what was written in many batches verifies',
    async check(place) {
      const backend = await place.open()
      for (let index = 1; index <= 40; index++) {
        for (let step = 0; step < 50; step++) {
          const key = numberKey((index * 37 + step * 91) % 500)
          if (step % 3 === 0) backend.delete(plants, key)
          else backend.put(plants, key, numberKey(index * step))
          if (step % 5 === 0) backend.put(birds, key, new Uint8Array(step))
        }
        backend.endEntry({ index, term: 1 })
        if (index % 3 === 0) await backend.commit()
      }
      await backend.commit()
      await backend.verify()
      await backend.close()
    },
  },
]

/** 3 000 plants and one record in the last bucket, committed as one entry. */
async function fill(backend: Backend, index: number): Promise<void> {
  for (let number = 0; number < 3_000; number++)
    backend.put(plants, numberKey(number), new Uint8Array(100).fill(number))
  putText(backend, last, { end: '1' })
  backend.endEntry({ index, term: 1 })
  await backend.commit()
}
