/**
 * How deep a message may lie within others of its own kind: a Txn within a Txn counts two levels (its RequestOp is one).
 * etcd bounds nested transactions by `--max-txn-ops` (128 unless told otherwise), which needs 256.
 */
export const nestedLevelsMax: number = 1_000
