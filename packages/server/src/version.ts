/** The version of etcd whose behaviour this server has, as clients and peers are told. */
export const version = '3.7.1'
/** The version of the cluster once all members have this one. */
export const clusterVersion = '3.7.0'
/** The version of what is on the disk. */
export const storageVersion = '3.7.0'
