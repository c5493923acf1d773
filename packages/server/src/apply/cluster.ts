import {
  decodeClusterMemberAttrSetRequest,
  decodeClusterVersionSetRequest,
  decodeDowngradeInfoSetRequest,
} from '@kvs/proto/membership'
import type { Operation } from './operation.ts'

export const clusterVersionSet: Operation = {
  name: 'ClusterVersionSet',
  apply(state, data, entry, waiter) {
    state.cluster.setVersion(decodeClusterVersionSetRequest(data, entry.start, entry.end).ver)
    waiter?.applied(undefined)
    return undefined
  },
}

/** A member says its name and where its clients find it. What a member that is gone says is passed over. */
export const clusterMemberAttrSet: Operation = {
  name: 'ClusterMemberAttrSet',
  apply(state, data, entry, waiter) {
    const { memberId, memberAttributes } = decodeClusterMemberAttrSetRequest(data, entry.start, entry.end)
    if (memberAttributes !== undefined) state.cluster.publish(memberId, memberAttributes)
    waiter?.applied(undefined)
    return undefined
  },
}

/** A downgrade begins, or has come to its end. */
export const downgradeInfoSet: Operation = {
  name: 'DowngradeInfoSet',
  apply(state, data, entry, waiter) {
    const { enabled: isEnabled, ver } = decodeDowngradeInfoSetRequest(data, entry.start, entry.end)
    state.cluster.setDowngrade({ isEnabled, targetVersion: isEnabled ? ver : '' })
    waiter?.applied(undefined)
    return undefined
  },
}

/** What etcd's tests of downgrades write into a log: it does nothing. */
export const downgradeVersionTest: Operation = {
  name: 'DowngradeVersionTest',
  apply(_state, _data, _entry, waiter) {
    waiter?.applied(undefined)
    return undefined
  },
}
