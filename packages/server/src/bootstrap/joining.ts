import {
  areSameUrls,
  canJoinCluster,
  checkDowngradeTarget,
  decodeMembers,
  formatId,
  isStarted,
  type Member,
  MembershipError,
  matchRunningCluster,
  parseInitialCluster,
  parseVersion,
  type Version,
} from '@kvs/membership'
import { createPeerClient, type PeerClient, RaftHttpError, type Wire } from '@kvs/rafthttp'
import { ServerError } from '../errors.ts'
import * as limits from '../limits.ts'
import type { MemberOptions } from '../options.ts'
import type { Clock, Logger } from '../parts.ts'
import { version } from '../version.ts'
import { initialCluster, ownFounder } from './founding.ts'

/** What asking a cluster needs. */
export interface JoinParts {
  readonly wire: Wire
  readonly clock: Clock
  readonly logger: Logger
  readonly options: MemberOptions
  /** Ends the asking. */
  readonly signal?: AbortSignal | undefined
}

/** A cluster that runs, as one of its members told it. */
interface RunningCluster {
  readonly clusterId: bigint
  /** Ascending by id. */
  readonly members: readonly Member[]
}

export interface Joined extends RunningCluster {
  readonly memberId: bigint
}

/**
 * The first start of a member that was added to a running cluster: asks the other members who belongs to it, and finds
 * out which of them this one is by its peer URLs. Throws `ServerError` (`CONFIG`).
 */
export async function joinCluster(parts: JoinParts): Promise<Joined> {
  const { options } = parts
  const configured = parseConfigured(options)
  const running = await askOthers(parts, configured)
  if (running === undefined) {
    const text = 'cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs'
    throw new ServerError('CONFIG', text)
  }
  const members = matched(configured, running.members)
  const own = members.find(({ peerUrls }) => areSameUrls(peerUrls, options.initialAdvertisePeerUrls))
  // This one listens already, and answers nobody before it has joined.
  await checkVersions(
    parts,
    members.filter(member => member !== own),
  )
  if (own === undefined) {
    const urls = options.initialAdvertisePeerUrls.join(',')
    throw new ServerError('CONFIG', `no member of the running cluster has the peer URLs ${urls}`)
  }
  // It has voted for others, and has said that it holds entries: what takes its place must have another id.
  if (running.members.some(member => member.id === own.id && isStarted(member))) {
    const text = `member ${formatId(own.id)} has been started before, and its data directory is not here`
    throw new ServerError('CONFIG', `${text}: remove it from the cluster, and add it again`)
  }
  return { clusterId: running.clusterId, members, memberId: own.id }
}

/**
 * Refuses to found a cluster that runs already: a founder whose data directory is gone would vote a second time. Nothing
 * is said if no other founder answers, which is how it is when all start. Throws `ServerError` (`CONFIG`).
 */
export async function refuseIfFounded(parts: JoinParts): Promise<void> {
  const { options } = parts
  const { members } = initialCluster(options)
  if (members.length === 1) return
  const own = ownFounder(members, options)
  // All at once and not for long: one that has got nowhere yet listens already, and answers only when it knows what.
  const answers = await Promise.all(
    members
      .filter(({ id }) => id !== own.id)
      .map(({ name, peerUrls }) => askOthers(parts, new Map([[name, peerUrls]]), limits.foundingTimeoutMs)),
  )
  for (const running of answers) {
    if (running?.members.some(({ id, clientUrls }) => id === own.id && clientUrls.length > 0) === true) {
      throw new ServerError('CONFIG', `member ${formatId(own.id)} has already been bootstrapped`)
    }
  }
}

function parseConfigured({ initialCluster: text }: MemberOptions): ReadonlyMap<string, readonly string[]> {
  return inOptions(() => parseInitialCluster(text), 'error setting up initial cluster')
}

function matched(configured: ReadonlyMap<string, readonly string[]>, running: readonly Member[]): readonly Member[] {
  return inOptions(() => matchRunningCluster(configured, running), 'error validating peerURLs')
}

function inOptions<Result>(read: () => Result, what: string): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MembershipError)) throw error
    throw new ServerError('CONFIG', `${what}: ${error.message}`, { cause: error })
  }
}

/** Asks one member after another, but not this one; the first that answers counts. */
async function askOthers(
  { wire, clock, logger, options, signal }: JoinParts,
  configured: ReadonlyMap<string, readonly string[]>,
  timeoutMs: number = limits.joinTimeoutMs,
): Promise<RunningCluster | undefined> {
  const client = createPeerClient({ wire, clock })
  for (const [name, urls] of configured) {
    if (name === options.name) continue
    try {
      const { json, clusterId } = await client.members(urls, { timeoutMs, signal })
      return { clusterId, members: decodeMembers(json) }
    } catch (error) {
      if (!(error instanceof RaftHttpError) && !(error instanceof MembershipError)) throw error
      logger.warn('failed to get cluster response', { 'remote-member-name': name, error: error.message })
    }
  }
  return undefined
}

/** A server must not be older than the cluster it becomes part of. */
async function checkVersions({ wire, clock, logger, signal }: JoinParts, members: readonly Member[]): Promise<void> {
  const client = createPeerClient({ wire, clock })
  for (const { id, peerUrls } of members) {
    let text: string
    try {
      text = await client.version(peerUrls, { timeoutMs: limits.joinTimeoutMs, signal })
    } catch (error) {
      if (!(error instanceof RaftHttpError)) throw error
      continue
    }
    const cluster = clusterVersionIn(text)
    if (cluster === undefined || canJoinCluster(parseVersion(version), { version: parseVersion(cluster) })) continue
    if (await isFallingBack(client, peerUrls, parseVersion(cluster), signal)) continue
    logger.warn('incompatible with current running cluster', {
      'remote-member-id': formatId(id),
      'cluster-version': cluster,
    })
    throw new ServerError('CONFIG', 'incompatible with current running cluster')
  }
}

/** The cluster is being downgraded to the version of this server. */
async function isFallingBack(
  client: PeerClient,
  urls: readonly string[],
  cluster: Version,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    checkDowngradeTarget(cluster, parseVersion(version))
    return await client.downgradeEnabled(urls, { timeoutMs: limits.joinTimeoutMs, signal })
  } catch (error) {
    if (!(error instanceof RaftHttpError) && !(error instanceof MembershipError)) throw error
    return false
  }
}

/** The decided version of a cluster, out of what `/version` says. */
function clusterVersionIn(text: string): string | undefined {
  try {
    const { etcdcluster } = JSON.parse(text) as { readonly etcdcluster?: unknown }
    return typeof etcdcluster === 'string' && /^\d/.test(etcdcluster) ? etcdcluster : undefined
  } catch {
    return undefined
  }
}
