import type { Bucket } from '@kvs/backend'

/** etcd's buckets. The ids stand on disk and follow the order of the names, for hashes walk buckets by name. */
export const buckets: {
  readonly alarm: Bucket
  readonly auth: Bucket
  readonly authRoles: Bucket
  readonly authUsers: Bucket
  readonly cluster: Bucket
  readonly key: Bucket
  readonly lease: Bucket
  readonly members: Bucket
  readonly membersRemoved: Bucket
  readonly meta: Bucket
} = {
  alarm: { id: 1, name: 'alarm' },
  auth: { id: 2, name: 'auth' },
  authRoles: { id: 3, name: 'authRoles' },
  authUsers: { id: 4, name: 'authUsers' },
  cluster: { id: 5, name: 'cluster' },
  key: { id: 6, name: 'key' },
  lease: { id: 7, name: 'lease' },
  members: { id: 8, name: 'members' },
  membersRemoved: { id: 9, name: 'members_removed' },
  meta: { id: 10, name: 'meta' },
}

export const allBuckets: readonly Bucket[] = Object.values(buckets)
