/**
 * The messages that the client takes and gives, with their codecs and the methods for `Client.call` and `Client.stream`:
 * those of `@kvs/proto` that belong to etcd's public API.
 */
// biome-ignore lint/performance/noReExportAll: generated modules without side effects, re-exported as they are.
export * from '@kvs/proto/auth'
// biome-ignore lint/performance/noReExportAll: generated modules without side effects, re-exported as they are.
export * from '@kvs/proto/mvcc'
// biome-ignore lint/performance/noReExportAll: generated modules without side effects, re-exported as they are.
export * from '@kvs/proto/rpc'
