import type { Backend, BackendView } from '@kvs/backend'
import { type ContractPlace, contractBuckets } from '@kvs/backend/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hex, listModel, listRecords, Model, type ModelState } from './model.ts'
import { lmdbPlace, memoryPlace } from './places.ts'

/** Random operations on a backend and on a naive model, compared after every step. */

const keys = [
  '',
  '00',
  '0000',
  '01',
  '0100',
  '61',
  '6100',
  '6162',
  '62',
  '7f',
  'ff',
  'ffff',
  '20',
  '21',
  '22',
  '23',
].map(text => new Uint8Array(Buffer.from(text, 'hex')))

const keyArbitrary = fc.constantFrom(...keys)
const bucketArbitrary = fc.constantFrom(...contractBuckets)
const valueArbitrary = fc.record({
  length: fc.oneof(
    { weight: 8, arbitrary: fc.nat(40) },
    { weight: 1, arbitrary: fc.constantFrom(2_047, 2_048, 2_049, 5_000, 140_000) },
  ),
  fill: fc.nat(255),
})
const endArbitrary = fc.option(keyArbitrary, { nil: undefined })

const stepArbitrary = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      bucket: bucketArbitrary,
      key: keyArbitrary,
      value: valueArbitrary,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), bucket: bucketArbitrary, key: keyArbitrary }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), skip: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('force' as const), index: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const), wait: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('list' as const),
      bucket: bucketArbitrary,
      from: endArbitrary,
      to: endArbitrary,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('iterate' as const),
      bucket: bucketArbitrary,
      commits: fc.boolean(),
      key: keyArbitrary,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('view' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close-view' as const), place: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('defragment' as const), wait: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('verify' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
)

type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never

class Run {
  readonly place: ContractPlace
  readonly model = new Model()
  backend: Backend
  views: { readonly view: BackendView; readonly state: ModelState }[] = []
  underWay: Promise<unknown>[] = []
  copies = 0

  constructor(place: ContractPlace, backend: Backend) {
    this.place = place
    this.backend = backend
  }

  async step(step: Step): Promise<void> {
    const { backend, model } = this
    switch (step.kind) {
      case 'put': {
        const value = new Uint8Array(step.value.length).fill(step.value.fill)
        model.put(step.bucket, step.key, value)
        backend.put(step.bucket, step.key.slice(), value)
        return
      }
      case 'delete':
        model.delete(step.bucket, step.key)
        backend.delete(step.bucket, step.key.slice())
        return
      case 'end':
        this.end({ index: model.ended.point.index + step.skip, term: 1 })
        return
      case 'force':
        model.end({ index: step.index, term: 2 })
        backend.forceConsistent({ index: step.index, term: 2 })
        return
      case 'commit':
        this.underWay.push(backend.commit())
        if (step.wait) await this.settle()
        return
      case 'list':
        expect(listRecords(backend.records(step.bucket, step))).toEqual(model.list(step.bucket, step))
        return
      case 'iterate':
        await this.iterate(step)
        return
      default:
        await this.upkeep(step)
    }
  }

  async upkeep(step: Step): Promise<void> {
    const { backend, model } = this
    switch (step.kind) {
      case 'view': {
        const view = backend.view()
        this.views.push({ view, state: this.stateOf(view) })
        return
      }
      case 'close-view':
        this.views.splice(step.place, 1)[0]?.view.close()
        return
      case 'copy':
        await this.copy()
        return
      case 'defragment':
        this.underWay.push(backend.defragment())
        if (step.wait) await Promise.all(this.underWay.splice(0))
        return
      case 'verify':
        await backend.verify()
        return
      case 'reopen':
        await this.settle()
        await backend.close()
        this.views = []
        this.backend = await this.place.open()
        model.become(model.ended)
        return
      case 'crash': {
        await Promise.all(this.underWay.splice(0))
        this.views = []
        this.backend = await this.place.crash(backend)
        model.become(this.stateOf(this.backend))
        return
      }
    }
  }

  end(point: { readonly index: number; readonly term: number }): void {
    this.model.end(point)
    this.backend.endEntry(point)
  }

  async settle(): Promise<void> {
    this.underWay.push(this.backend.commit())
    await Promise.all(this.underWay.splice(0))
    expect(this.backend.durable).toEqual(this.model.ended.point)
    this.model.settle()
  }

  /** Which of the states that may be there this is. */
  stateOf(state: Pick<BackendView, 'consistent' | 'records'>): ModelState {
    const found = this.model.history.find(
      candidate =>
        candidate.point.index === state.consistent.index &&
        candidate.point.term === state.consistent.term &&
        contractBuckets.every(
          bucket => listRecords(state.records(bucket)).join() === listModel(candidate.records, bucket).join(),
        ),
    )
    if (found === undefined) {
      const points = this.model.history.map(({ point }) => point.index).join(', ')
      throw new Error(`the state at entry ${state.consistent.index} is none of those after entries ${points}`)
    }
    return found
  }

  async iterate(step: Step & { readonly kind: 'iterate' }): Promise<void> {
    const { bucket, key } = step
    const before = this.model.list(bucket)
    const seen: string[] = []
    for (const { key: found, value } of this.backend.records(bucket)) {
      seen.push(`${hex(found)}=${hex(value)}`)
      this.backend.put(bucket, key.slice(), Uint8Array.of(seen.length))
      this.model.put(bucket, key, Uint8Array.of(seen.length))
      if (!step.commits) continue
      this.end({ index: this.model.ended.point.index + 1, term: 1 })
      await this.settle()
    }
    const untouched = (record: string): boolean => !record.startsWith(`${hex(key)}=`)
    expect(seen.filter(untouched)).toEqual(before.filter(untouched))
  }

  async copy(): Promise<void> {
    this.copies++
    const path = this.place.pathOf(`copy-${this.copies}`)
    await this.backend.copyTo(path)
    const copy = await this.place.openCopy(path)
    this.stateOf(copy)
    await copy.verify()
    await copy.close()
  }

  check(): void {
    const { backend, model, views } = this
    expect(backend.consistent).toEqual(model.ended.point)
    for (const bucket of contractBuckets) {
      expect(listRecords(backend.records(bucket))).toEqual(model.list(bucket))
      for (const key of keys) {
        const value = backend.get(bucket, key)
        expect(value === undefined ? undefined : hex(value)).toBe(model.get(bucket, key))
      }
    }
    for (const { view, state } of views) {
      expect(view.consistent).toEqual(state.point)
      for (const bucket of contractBuckets) {
        expect(listRecords(view.records(bucket))).toEqual(listModel(state.records, bucket))
      }
    }
    const { allocatedBytes, inUseBytes } = backend.sizes()
    expect(allocatedBytes).toBeGreaterThanOrEqual(inUseBytes)
  }
}

async function follow(makePlace: () => Promise<ContractPlace>, steps: readonly Step[]): Promise<void> {
  const place = await makePlace()
  try {
    const run = new Run(place, await place.open())
    for (const step of steps) {
      await run.step(step)
      run.check()
    }
    await run.settle()
    await run.backend.verify()
    await run.backend.close()
  } finally {
    await place.remove()
  }
}

const steps = fc.array(stepArbitrary, { minLength: 1, maxLength: 60, size: 'max' })

test('memory does what the model does', async () => {
  await fc.assert(
    fc.asyncProperty(steps, list => follow(memoryPlace, list)),
    { numRuns: 60 },
  )
})

test('lmdb does what the model does', async () => {
  await fc.assert(
    fc.asyncProperty(steps, list => follow(lmdbPlace, list)),
    { numRuns: 25 },
  )
})
