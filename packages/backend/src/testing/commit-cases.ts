import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import type { Backend } from '../backend.ts'
import { birds, bytesOf, listed, numberKey, type PlaceCase, plants, putText, textAt } from './place.ts'

/** Batches of whole entries, and what is left of them. */
export const commitCases: readonly PlaceCase[] = [
  {
    name: 'a commit is durable: it is there after a crash, the rest is not',
    async check(place) {
      let backend = await place.open()
      putText(backend, plants, { rose: 'red' })
      backend.endEntry({ index: 3, term: 2 })
      await backend.commit()
      deepEqual(backend.durable, { index: 3, term: 2 })
      putText(backend, plants, { rose: 'lost', iris: 'lost' })
      backend.endEntry({ index: 4, term: 2 })
      deepEqual(backend.consistent, { index: 4, term: 2 })
      deepEqual(backend.durable, { index: 3, term: 2 })
      backend = await place.crash(backend)
      deepEqual(backend.consistent, { index: 3, term: 2 })
      deepEqual(backend.durable, { index: 3, term: 2 })
      deepEqual(listed(backend.records(plants)), ['rose=red'])
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'close commits ended entries and drops the one that has not ended',
    async check(place) {
      let backend = await place.open()
      putText(backend, plants, { rose: 'red' })
      backend.endEntry({ index: 1, term: 1 })
      putText(backend, plants, { rose: 'half', iris: 'half' })
      await backend.close()
      backend = await place.open()
      deepEqual(backend.consistent, { index: 1, term: 1 })
      deepEqual(listed(backend.records(plants)), ['rose=red'])
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'a commit in the middle of an entry takes none of it',
    async check(place) {
      let backend = await place.open()
      putText(backend, plants, { rose: '1', iris: '1', lily: '1' })
      backend.endEntry({ index: 1, term: 1 })
      putText(backend, plants, { rose: '2', tulip: '2' })
      backend.delete(plants, bytesOf('iris'))
      await backend.commit()
      deepEqual(listed(backend.records(plants)), ['lily=1', 'rose=2', 'tulip=2'])
      equal(backend.pendingOperations, 0)
      backend = await place.crash(backend)
      deepEqual(listed(backend.records(plants)), ['iris=1', 'lily=1', 'rose=1'])
      putText(backend, plants, { rose: '2' })
      await backend.commit()
      putText(backend, plants, { rose: '3', aster: '3' })
      backend.endEntry({ index: 2, term: 1 })
      await backend.commit()
      backend = await place.crash(backend)
      deepEqual(listed(backend.records(plants)), ['aster=3', 'iris=1', 'lily=1', 'rose=3'])
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'an entry larger than any batch is all there or not there',
    async check(place) {
      let backend = await place.open()
      for (let number = 0; number < 1_000; number++) backend.put(plants, numberKey(number), bytesOf('old'))
      backend.endEntry({ index: 1, term: 1 })
      await writeBigEntry(backend)
      backend = await place.crash(backend)
      deepEqual(backend.consistent, { index: 1, term: 1 })
      equal(
        [...backend.records(plants)].every(({ value }) => value.length === 3),
        true,
      )
      equal([...backend.records(plants)].length, 1_000)
      await writeBigEntry(backend)
      backend.endEntry({ index: 2, term: 1 })
      equal(backend.pendingOperations, 40_500)
      await backend.commit()
      backend = await place.crash(backend)
      deepEqual(backend.consistent, { index: 2, term: 1 })
      equal([...backend.records(plants)].length, 39_500)
      await backend.verify()
      await backend.close()
    },
  },
  {
    name: 'pending operations and bytes are those of ended entries',
    async check(place) {
      const backend = await place.open()
      putText(backend, plants, { rose: 'red', iris: 'blue' })
      deepEqual([backend.pendingOperations, backend.pendingBytes], [0, 0])
      backend.endEntry({ index: 1, term: 1 })
      deepEqual([backend.pendingOperations, backend.pendingBytes], [2, 15])
      backend.delete(plants, bytesOf('rose'))
      backend.delete(plants, bytesOf('tulip'))
      backend.endEntry({ index: 2, term: 1 })
      deepEqual([backend.pendingOperations, backend.pendingBytes], [3, 19])
      const commit = backend.commit()
      deepEqual([backend.pendingOperations, backend.pendingBytes], [0, 0])
      await commit
      await backend.close()
    },
  },
  {
    name: 'an entry without effects moves the consistent point',
    async check(place) {
      let backend = await place.open()
      backend.endEntry({ index: 10, term: 3 })
      await backend.commit()
      deepEqual(backend.durable, { index: 10, term: 3 })
      backend = await place.crash(backend)
      deepEqual(backend.consistent, { index: 10, term: 3 })
      await backend.close()
    },
  },
  {
    name: 'commits that overlap all end, each with what was written before it',
    async check(place) {
      let backend = await place.open()
      const commits: Promise<void>[] = []
      for (let index = 1; index <= 50; index++) {
        putText(backend, plants, { rose: `${index}`, [`n${index}`]: 'x' })
        backend.endEntry({ index, term: 1 })
        const before = index
        commits.push(
          backend.commit().then(() => equal(backend.durable.index >= before, true, `entry ${before} is durable`)),
        )
        if (index % 7 === 0) await commits.at(-1)
      }
      await Promise.all(commits)
      deepEqual(backend.durable, { index: 50, term: 1 })
      backend = await place.crash(backend)
      equal(textAt(backend, plants, 'rose'), '50')
      equal([...backend.records(plants)].length, 51)
      await backend.close()
    },
  },
  {
    name: 'indexes must rise, except by force',
    async check(place) {
      let backend = await place.open()
      backend.endEntry({ index: 5, term: 2 })
      throws(() => backend.endEntry({ index: 5, term: 2 }))
      throws(() => backend.endEntry({ index: 4, term: 2 }))
      await backend.commit()
      putText(backend, birds, { wren: 'small' })
      backend.forceConsistent({ index: 1, term: 1 })
      deepEqual(backend.consistent, { index: 1, term: 1 })
      await backend.commit()
      backend = await place.crash(backend)
      deepEqual(backend.consistent, { index: 1, term: 1 })
      deepEqual(listed(backend.records(birds)), ['wren=small'])
      await backend.close()
    },
  },
  {
    name: 'after close everything refuses, and closing again is fine',
    async check(place) {
      const backend = await place.open()
      putText(backend, plants, { rose: 'red' })
      backend.endEntry({ index: 1, term: 1 })
      await backend.commit()
      const view = backend.view()
      const records = backend.records(plants)
      await backend.close()
      await backend.close()
      throws(() => backend.put(plants, bytesOf('a'), bytesOf('b')), { code: 'CLOSED' })
      throws(() => backend.delete(plants, bytesOf('a')), { code: 'CLOSED' })
      throws(() => backend.get(plants, bytesOf('a')), { code: 'CLOSED' })
      throws(() => backend.endEntry({ index: 2, term: 1 }), { code: 'CLOSED' })
      throws(() => backend.view(), { code: 'CLOSED' })
      throws(() => records.next(), { code: 'CLOSED' })
      throws(() => view.get(plants, bytesOf('rose')), { code: 'CLOSED' })
      view.close()
      await rejects(backend.commit(), { code: 'CLOSED' })
      await rejects(backend.copyTo(place.pathOf('copy')), { code: 'CLOSED' })
      await rejects(backend.defragment(), { code: 'CLOSED' })
      await rejects(backend.verify(), { code: 'CLOSED' })
    },
  },
]

/** 40 500 operations, with commits between them; the entry is not ended. */
async function writeBigEntry(backend: Backend): Promise<void> {
  for (let number = 0; number < 40_000; number++) {
    backend.put(plants, numberKey(number), bytesOf('newer'))
    if (number % 9_000 === 0) await backend.commit()
  }
  for (let number = 0; number < 500; number++) backend.delete(plants, numberKey(number))
  await backend.commit()
}
