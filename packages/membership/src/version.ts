import { MembershipError } from './errors.ts'
import type { DowngradeInfo } from './member-json.ts'

/** A version as etcd uses it: three numbers; what may follow them (`-alpha.0`) is kept for show only. */
export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
  readonly suffix: string
}

/** The version a cluster has as long as not all servers are known. */
export const minClusterVersion: Version = { major: 3, minor: 0, patch: 0, suffix: '' }

/** Reads `3.7.1`, `3.7.0-alpha.0` and, as tools take it, `3.7`. Throws `BAD_VERSION`. */
export function parseVersion(text: string): Version {
  const match = /^(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9})((?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?))?$/.exec(text)
  if (match === null) throw new MembershipError('BAD_VERSION', `membership: '${text}' is no version`)
  const [, major, minor, patch, suffix] = match
  return { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0), suffix: suffix ?? '' }
}

export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}${version.suffix}`
}

/** `3.7` of `3.7.1`. */
export function formatMajorMinor(version: Version): string {
  return `${version.major}.${version.minor}`
}

/** The version without patch and suffix: cluster and storage versions have none. */
export function majorMinorOf(version: Version): Version {
  return { major: version.major, minor: version.minor, patch: 0, suffix: '' }
}

/** Negative, zero or positive, by the three numbers. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch
}

function compareMajorMinor(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor
}

/** The lowest server version; undefined if that of any member is unknown, or there are no members. */
export function lowestServerVersion(serverVersions: Iterable<Version | undefined>): Version | undefined {
  let lowest: Version | undefined
  for (const version of serverVersions) {
    if (version === undefined) return undefined
    if (lowest === undefined || compareVersions(version, lowest) < 0) lowest = version
  }
  return lowest
}

export interface ClusterVersionState {
  /** What the cluster has agreed on; undefined before the first decision. */
  readonly clusterVersion: Version | undefined
  /** One per member; undefined where unknown. */
  readonly serverVersions: readonly (Version | undefined)[]
  readonly downgrade: DowngradeInfo | undefined
}

/**
 * The cluster version the leader should propose now; undefined: leave it. It is the lowest server version, never goes
 * down except to the target of a downgrade, and never crosses a major version. A member that is not known blocks all but
 * the first decision.
 */
export function decideClusterVersion(state: ClusterVersionState): Version | undefined {
  const { clusterVersion, serverVersions, downgrade } = state
  const lowest = lowestServerVersion(serverVersions)
  if (clusterVersion === undefined) return majorMinorOf(lowest ?? minClusterVersion)
  if (lowest === undefined) return undefined
  if (downgrade?.isEnabled === true) {
    const target = parseVersion(downgrade.targetVersion)
    const isOneAbove = (version: Version | undefined): boolean =>
      version !== undefined && compareMajorMinor(oneMinorBelow(version), target) === 0
    const isDue = compareMajorMinor(oneMinorBelow(clusterVersion), target) === 0 && serverVersions.every(isOneAbove)
    return isDue ? majorMinorOf(target) : undefined
  }
  const isHigher = lowest.major === clusterVersion.major && compareMajorMinor(lowest, clusterVersion) > 0
  return isHigher ? majorMinorOf(lowest) : undefined
}

/** Whether the downgrade has come through: all servers run its target version. */
export function isDowngradeDone(state: ClusterVersionState): boolean {
  const { downgrade, serverVersions } = state
  if (downgrade?.isEnabled !== true) return false
  const target = parseVersion(downgrade.targetVersion)
  return serverVersions.every(version => version !== undefined && compareMajorMinor(version, target) === 0)
}

/** A downgrade may go to exactly one minor version below the cluster's. Throws `BAD_DOWNGRADE_TARGET`. */
export function checkDowngradeTarget(clusterVersion: Version, target: Version): void {
  if (compareMajorMinor(oneMinorBelow(clusterVersion), target) === 0) return
  const from = formatMajorMinor(clusterVersion)
  throw new MembershipError(
    'BAD_DOWNGRADE_TARGET',
    `membership: a cluster of version ${from} cannot be downgraded to ${formatMajorMinor(target)}`,
  )
}

/** Whether a server of `serverVersion` may be part of a cluster of `clusterVersion`; only major and minor count. */
export function canJoinCluster(
  serverVersion: Version,
  cluster: { readonly version: Version; readonly downgrade?: DowngradeInfo | undefined },
): boolean {
  if (compareMajorMinor(serverVersion, cluster.version) >= 0) return true
  if (cluster.downgrade?.isEnabled !== true) return false
  return compareMajorMinor(serverVersion, parseVersion(cluster.downgrade.targetVersion)) === 0
}

/** What a cluster can do by its version. Names are those of etcd's capability table. */
export type Capability = 'auth' | 'v3rpc'

/** All capabilities came with 3.0; before the first decision there are none. */
export function hasCapability(clusterVersion: Version | undefined, _capability: Capability): boolean {
  return clusterVersion !== undefined && clusterVersion.major >= 3
}

function oneMinorBelow(version: Version): Version {
  return { major: version.major, minor: version.minor - 1, patch: 0, suffix: '' }
}
