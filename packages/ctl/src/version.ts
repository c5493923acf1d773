/** The release of etcd whose commands these are. */
const etcdVersion = '3.7.1'

export const versionLines = (program: 'etcdctl' | 'etcdutl'): string[] => [
  `${program} version: ${etcdVersion}`,
  `API version: ${etcdVersion.split('.').slice(0, 2).join('.')}`,
]
