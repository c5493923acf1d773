import type { MethodHandler } from '@kvs/grpc'
import {
  type CampaignRequest,
  type CampaignResponseInit,
  Election,
  type LeaderKey,
  type LeaderResponseInit,
  type ProclaimResponseInit,
  type ResignResponseInit,
} from '@kvs/proto/election'
import { type CompareInit, CompareResult as Result, CompareTarget as Target, type TxnResponse } from '@kvs/proto/rpc'
import type { LocalCalls } from '../in-process/local-calls.ts'
import { composedMethod } from './answer.ts'
import { type InnerClient, keyOf, prefixOf } from './inner-client.ts'
import { observeMethod } from './observe.ts'

/** `v3electionpb.Election`: who holds an office, who waits for it, and what the holder proclaims. */
export function electionMethods(calls: LocalCalls): ReadonlyMap<string, MethodHandler> {
  return new Map([
    composedMethod(calls, Election.campaign, campaign),
    composedMethod(calls, Election.proclaim, async (client, { leader, value }) => {
      const held = await resumed(client, leader)
      return proclaim(client, held, value)
    }),
    composedMethod(calls, Election.leader, (client, { name }) => leaderOf(client, name)),
    composedMethod(calls, Election.resign, async (client, { leader }) => resign(client, await resumed(client, leader))),
    observeMethod(calls),
  ])
}

/** A candidacy: the key it stands on, and when that was created. */
interface Candidacy {
  readonly key: Uint8Array
  readonly revision: number
  readonly lease: bigint
}

/** The candidacy that a request names. One without a lease gets one of its own, as in etcd. */
async function resumed(client: InnerClient, leader: LeaderKey | undefined): Promise<Candidacy> {
  if (leader === undefined) throw new Error('"leader" field must be provided')
  return { key: leader.key, revision: leader.rev, lease: await client.lease(leader.lease) }
}

async function campaign(client: InnerClient, request: CampaignRequest): Promise<CampaignResponseInit> {
  const { name, value } = request
  const lease = await client.lease(request.lease)
  const prefix = prefixOf(name)
  const key = keyOf(prefix, lease)
  // Should the client go away meanwhile, the key must not stay behind: so this is waited for.
  const sure = client.detached()
  const response = await sure.txn({
    compare: [createdAt(key, 0)],
    success: [{ requestPut: { key, value, lease } }],
    failure: [{ requestRange: { key } }],
  })
  const { header, succeeded } = response
  const own = ownPair(response)
  const candidacy = { key, lease, revision: succeeded ? (header?.revision ?? 0) : (own?.createRevision ?? 0) }
  if (!succeeded && own !== undefined && Buffer.compare(own.value, value) !== 0) {
    await proclaim(client, candidacy, value).catch(async (error: unknown) => {
      await resign(sure, candidacy)
      throw error
    })
  }
  try {
    await client.whenDeleted(prefix, candidacy.revision - 1)
  } catch (error) {
    if (client.isCancelled) await resign(sure, candidacy)
    throw error
  }
  return { header, leader: { name, key, rev: candidacy.revision, lease } }
}

function ownPair({
  responses,
}: TxnResponse): { readonly createRevision: number; readonly value: Uint8Array } | undefined {
  return responses[0]?.responseRange?.kvs[0]
}

async function proclaim(
  client: InnerClient,
  { key, revision, lease }: Candidacy,
  value: Uint8Array,
): Promise<ProclaimResponseInit> {
  const { header, succeeded } = await client.txn({
    compare: [createdAt(key, revision)],
    success: [{ requestPut: { key, value, lease } }],
  })
  if (!succeeded) throw new Error('election: not leader')
  return { header }
}

/** Whoever is no candidate any more has resigned already. */
async function resign(client: InnerClient, { key, revision }: Candidacy): Promise<ResignResponseInit> {
  const { header } = await client.txn({
    compare: [createdAt(key, revision)],
    success: [{ requestDeleteRange: { key } }],
  })
  return { header }
}

async function leaderOf(client: InnerClient, name: Uint8Array): Promise<LeaderResponseInit> {
  const { header, kv } = await client.oldest(prefixOf(name))
  if (kv === undefined) throw new Error('election: no leader')
  return { header, kv }
}

function createdAt(key: Uint8Array, createRevision: number): CompareInit {
  return { key, target: Target.CREATE, result: Result.EQUAL, createRevision }
}
