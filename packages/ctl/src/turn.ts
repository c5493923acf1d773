import { type Client, compare, KvsError, operation } from '@kvs/client'
import { CtlError, errorText } from './errors.ts'

/**
 * A place in a queue of keys below a prefix, bound to a lease that is kept alive: how etcd's clients lock and elect. The key
 * with the oldest creation has the turn; etcdctl, clients in other languages and the services Lock and Election all queue
 * up in the same way, so they may be mixed.
 */
export class Turn {
  readonly key: string
  /** Revision at which the place was taken: it falls when the turn is lost and taken again. */
  readonly revision: number
  /** Aborts when the lease is lost. */
  readonly lost: AbortSignal
  readonly #client: Client
  readonly #prefix: string
  readonly #lease: bigint

  private constructor(
    client: Client,
    place: {
      readonly prefix: string
      readonly key: string
      readonly revision: number
      readonly lease: bigint
      readonly lost: AbortSignal
    },
  ) {
    this.#client = client
    this.#prefix = place.prefix
    this.#lease = place.lease
    this.key = place.key
    this.revision = place.revision
    this.lost = place.lost
  }

  /** Queues up with a lease of so many seconds. */
  static async take(
    client: Client,
    { name, value, ttlSeconds }: { readonly name: string; readonly value: string; readonly ttlSeconds: number },
  ): Promise<Turn> {
    const { id: lease } = await client.lease.grant(ttlSeconds)
    const { signal: lost } = client.lease.keepAlive(lease)
    const prefix = `${name}/`
    const key = prefix + lease.toString(16)
    const { header, succeeded } = await client
      .txn()
      .if(compare.createRevision(key, '=', 0))
      .then(operation.put(key, value, { lease }))
      .commit()
    if (!succeeded || header === undefined) throw new CtlError('error', `key ${key} is there already`)
    return new Turn(client, { prefix, key, revision: header.revision, lease, lost })
  }

  /** Resolves when everybody who came before is gone; rejects when the user interrupts, or the lease is lost. */
  async comes(interrupted: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([interrupted, this.lost])
    for (;;) {
      signal.throwIfAborted()
      const maxCreateRevision = this.revision - 1
      const options = { sortBy: 'create', order: 'descend', limit: 1, maxCreateRevision } as const
      const { kvs, header } = await this.#client.range({ prefix: this.#prefix }, options)
      const [before] = kvs
      if (before === undefined) return
      const watched = this.#client.watch(before.key, { startRevision: (header?.revision ?? 0) + 1, signal })
      for await (const { events } of watched) if (events.some(({ type }) => type === 1)) break
    }
  }

  /** Gives the place back. */
  async leave(): Promise<void> {
    await this.#client.delete(this.key)
    await this.#client.lease.revoke(this.#lease)
  }
}

/** What ended somebody's turn, or their wait for it, as etcdctl says it. */
export function turnError(error: unknown, { lost }: Pick<Turn, 'lost'>): CtlError {
  if (error instanceof CtlError) return error
  if (lost.aborted) return new CtlError('error', 'session expired')
  if (error instanceof KvsError && error.code !== 'CANCELLED') return new CtlError('error', errorText(error))
  return new CtlError('error', 'context canceled')
}

/** Resolves `interrupted` when the user has had enough, `lost` when the lease is over. */
export function untilOver(interrupted: AbortSignal, { lost }: Pick<Turn, 'lost'>): Promise<'interrupted' | 'lost'> {
  const either = AbortSignal.any([interrupted, lost])
  const said = (): 'interrupted' | 'lost' => (interrupted.aborted ? 'interrupted' : 'lost')
  if (either.aborted) return Promise.resolve(said())
  return new Promise(resolve => {
    // Nothing else may keep the program: a signal waits on no handle.
    const held = setInterval(() => {}, 60_000)
    either.addEventListener('abort', () => {
      clearInterval(held)
      resolve(said())
    })
  })
}
