import { compareVersions, parseVersion } from '@kvs/membership'

/** The version of etcd whose behaviour this server has, as clients and peers are told. */
export const version = '3.7.1'
/** The version of what is on the disk. */
export const storageVersion = '3.7.0'
/** The first version that told which version of storage it had. */
const storageVersionMin = '3.6.0'

/** What is told of the version of storage: once a cluster has been downgraded, that it is the lower one. */
export function storageVersionIn(clusterVersion: string | undefined): string {
  if (clusterVersion === undefined) return storageVersion
  const isBelow = (left: string, right: string): boolean => compareVersions(parseVersion(left), parseVersion(right)) < 0
  return isBelow(clusterVersion, storageVersion) && !isBelow(clusterVersion, storageVersionMin)
    ? clusterVersion
    : storageVersion
}

/** What `/version` answers; `clusterVersion` undefined: not decided yet. */
export function versionJson(clusterVersion: string | undefined): string {
  return JSON.stringify({
    etcdserver: version,
    etcdcluster: clusterVersion ?? 'not_decided',
    storage: storageVersionIn(clusterVersion),
  })
}

/** The oldest cluster a server of this version can be part of. */
export const minClusterVersion = '3.0.0'
