import type { MethodHandler } from '@kvs/grpc'
import { Lock, type LockRequest, type LockResponseInit } from '@kvs/proto/lock'
import { KV, CompareResult as Result, CompareTarget as Target } from '@kvs/proto/rpc'
import type { LocalCalls } from '../in-process/local-calls.ts'
import { composedMethod } from './answer.ts'
import { type InnerClient, keyOf, oldestBelow, prefixOf } from './inner-client.ts'

/** `v3lockpb.Lock`: locks whose holders wait in the order in which they came. A lock lives as long as its lease. */
export function lockMethods(calls: LocalCalls): ReadonlyMap<string, MethodHandler> {
  return new Map([
    composedMethod(calls, Lock.lock, lock),
    composedMethod(calls, Lock.unlock, async (client, { key }) => {
      const { header } = await client.call(KV.deleteRange, { key })
      return { header }
    }),
  ])
}

async function lock(client: InnerClient, { name, lease: wanted }: LockRequest): Promise<LockResponseInit> {
  const lease = await client.lease(wanted)
  const prefix = prefixOf(name)
  const key = keyOf(prefix, lease)
  const place = await takePlace(client, { prefix, key, lease })
  if (place.isFirst) return { header: place.header, key }
  try {
    await client.whenDeleted(prefix, place.revision - 1)
    const { header, kvs } = await client.range({ key })
    if (kvs.length > 0) return { header, key }
  } catch (error) {
    await client.detached().call(KV.deleteRange, { key })
    throw error
  }
  throw new Error('mutex: session is expired')
}

/** Queues up, unless the lease has its place in the queue already. */
async function takePlace(
  client: InnerClient,
  { prefix, key, lease }: { readonly prefix: Uint8Array; readonly key: Uint8Array; readonly lease: bigint },
): Promise<{ readonly isFirst: boolean; readonly revision: number; readonly header: LockResponseInit['header'] }> {
  // Should the client go away meanwhile, the key must not stay behind: so this is waited for.
  const sure = client.detached()
  const owner = { requestRange: oldestBelow(prefix) }
  const { header, succeeded, responses } = await sure.txn({
    compare: [{ key, target: Target.CREATE, result: Result.EQUAL, createRevision: 0 }],
    success: [{ requestPut: { key, lease } }, owner],
    failure: [{ requestRange: { key } }, owner],
  })
  if (client.isCancelled && succeeded) await sure.call(KV.deleteRange, { key })
  const [own, first] = responses
  const revision = succeeded ? (header?.revision ?? 0) : (own?.responseRange?.kvs[0]?.createRevision ?? 0)
  const [holder] = first?.responseRange?.kvs ?? []
  return { isFirst: holder === undefined || holder.createRevision === revision, revision, header }
}
