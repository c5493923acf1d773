import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Backend } from '../backend.ts'
import { nameIn } from '../paths.ts'
import {
  birds,
  bytesOf,
  type ContractPlace,
  listed,
  numberKey,
  type PlaceCase,
  plants,
  putText,
  textAt,
} from './place.ts'

const received = '0000000000000007.snap.db'

/** Putting another state file in the place of the one that is open. */
export const moveCases: readonly PlaceCase[] = [
  {
    name: 'a received state takes the place of the old one, which can be read until it is closed',
    async check(place) {
      const names = await namesAfterUse(place)
      const old = await place.open()
      const next = await openReceived(place, old)
      putText(old, plants, { rose: 'pending in the old' })
      old.endEntry({ index: 3, term: 1 })
      const view = old.view()
      const iterator = old.records(plants)
      equal(iterator.next().done, false)
      await next.moveTo(place.path)
      equal([...iterator].length, 3_000)
      equal([...view.records(plants)].length, 3_000)
      deepEqual(view.consistent, { index: 2, term: 1 })
      equal(textAt(old, plants, 'rose'), 'pending in the old')
      equal(textAt(old, birds, 'wren'), 'old')
      view.close()
      putText(next, birds, { wren: 'new' })
      next.endEntry({ index: 8, term: 2 })
      await next.commit()
      await old.close()
      equal([...next.records(plants)].length, 3_000)
      await next.verify()
      await next.defragment()
      putText(next, birds, { crow: 'after defragmenting' })
      next.endEntry({ index: 9, term: 2 })
      await next.close()
      deepEqual(await place.names(), names)
      const again = await place.open()
      deepEqual(again.consistent, { index: 9, term: 2 })
      deepEqual(listed(again.records(birds)), ['crow=after defragmenting', 'wren=new'])
      equal(textAt(again, plants, 'rose'), undefined)
      await again.verify()
      await again.close()
    },
  },
  {
    name: 'a moved state survives a crash under its new name',
    async check(place) {
      const old = await place.open()
      const next = await openReceived(place, old)
      await next.moveTo(place.path)
      await old.close()
      putText(next, birds, { wren: 'committed' })
      next.endEntry({ index: 8, term: 2 })
      await next.commit()
      putText(next, birds, { wren: 'never committed' })
      const after = await place.crash(next)
      deepEqual(after.consistent, { index: 8, term: 2 })
      equal(textAt(after, birds, 'wren'), 'committed')
      await after.copyTo(place.pathOf('copy after the crash'))
      await after.moveTo(beside(place, 'elsewhere'))
      await after.moveTo(place.path)
      await after.verify()
      await after.close()
    },
  },
  {
    name: 'writing, committing and defragmenting go on around a move; a close waits for it',
    async check(place) {
      const names = await namesAfterUse(place)
      const old = await place.open()
      const next = await openReceived(place, old)
      await old.close()
      const work: Promise<void>[] = []
      for (let index = 8; index < 14; index++) {
        next.put(birds, numberKey(index), bytesOf('around'))
        next.endEntry({ index, term: 2 })
        work.push(next.commit())
        if (index === 9) work.push(next.defragment())
        if (index === 10) work.push(next.moveTo(place.path))
        if (index === 11) work.push(next.defragment(), next.moveTo(place.path))
        equal(next.get(birds, numberKey(index))?.length, 6)
      }
      await Promise.all(work)
      deepEqual(next.durable, { index: 13, term: 2 })
      let isMoved = false
      const moving = next.moveTo(beside(place, 'elsewhere')).then(() => {
        isMoved = true
      })
      await next.close()
      equal(isMoved, true, 'closing waits for the move')
      await moving
      await rejects(next.moveTo(place.path), { code: 'CLOSED' })
      const moved = await place.openCopy(beside(place, 'elsewhere'))
      await moved.moveTo(place.path)
      await moved.close()
      deepEqual(await place.names(), names)
      const again = await place.open()
      equal([...again.records(birds, { from: numberKey(8), to: numberKey(14) })].length, 6)
      await again.verify()
      await again.close()
    },
  },
  {
    name: 'a state whose place another has taken harms that no more',
    async check(place) {
      const old = await place.open()
      const next = await openReceived(place, old)
      await next.moveTo(place.path)
      await rejects(old.defragment(), { code: 'IO' })
      await rejects(old.moveTo(beside(place, 'elsewhere')), { code: 'IO' })
      putText(old, birds, { wren: 'for nobody' })
      old.endEntry({ index: 100, term: 9 })
      await old.commit()
      equal(textAt(old, birds, 'wren'), 'for nobody')
      await old.close()
      const after = await place.crash(next)
      deepEqual(after.consistent, { index: 2, term: 1 })
      equal(textAt(after, birds, 'wren'), 'old')
      await after.verify()
      await after.close()
    },
  },
  {
    name: 'a move that fails hurts nobody',
    async check(place) {
      const old = await place.open()
      const next = await openReceived(place, old)
      await rejects(next.moveTo(`${place.path}/not/this/folder`))
      putText(next, birds, { wren: 'own life' })
      next.endEntry({ index: 8, term: 2 })
      await next.commit()
      await next.defragment()
      await next.verify()
      equal(textAt(old, birds, 'wren'), 'old')
      await next.moveTo(place.path)
      await Promise.all([old.close(), next.close()])
      const again = await place.open()
      equal(textAt(again, birds, 'wren'), 'own life')
      await again.close()
    },
  },
]

function beside(place: ContractPlace, name: string): string {
  return place.path.slice(0, place.path.length - nameIn(place.path).length) + name
}

/** What lies in the folder of a state that was opened and closed. */
async function namesAfterUse(place: ContractPlace): Promise<readonly string[]> {
  const backend = await place.open()
  await backend.close()
  return place.names()
}

/** Fills `old` with 3 000 plants, copies it to where a snapshot is received, and opens that. */
async function openReceived(place: ContractPlace, old: Backend): Promise<Backend> {
  for (let number = 0; number < 3_000; number++) old.put(plants, numberKey(number), new Uint8Array(100).fill(number))
  putText(old, birds, { wren: 'old' })
  old.endEntry({ index: 2, term: 1 })
  await old.commit()
  await old.copyTo(beside(place, received))
  return place.openCopy(beside(place, received))
}
