/** The version of etcd whose behaviour this server has, as clients and peers are told. */
export const version = '3.7.1'
/** The version of what is on the disk. */
export const storageVersion = '3.7.0'
/** What `/version` answers; `clusterVersion` undefined: not decided yet. */
export function versionJson(clusterVersion: string | undefined): string {
  return JSON.stringify({
    etcdserver: version,
    etcdcluster: clusterVersion ?? 'not_decided',
    storage: storageVersion,
  })
}

/** The oldest cluster a server of this version can be part of. */
export const minClusterVersion = '3.0.0'
