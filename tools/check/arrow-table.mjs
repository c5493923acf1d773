// @ts-check
// Who may import whom. This is the table of ARCHITECTURE.md as data: a new arrow is a decision, taken here.

/**
 * @typedef {object} Row
 * @property {number} storey 0 ground, 1 siblings, 2 joins, 3 programs
 * @property {readonly string[]} imports folders of workspace packages, or `folder/door` where only that door is open
 * @property {readonly string[]} [external] packages of others it may need at run time, peers included
 * @property {readonly string[]} [tests] workspace packages of a higher storey that only its tests need
 */

const belowServer = [
  'auth',
  'backend',
  'bbolt',
  'grpc',
  'lease',
  'membership',
  'mvcc',
  'net',
  'proto',
  'raft',
  'rafthttp',
  'snap',
  'vfs',
  'wal',
]

/** @type {Readonly<Record<string, Row>>} */
export const arrowTable = {
  'packages/testing': { storey: 0, imports: [] },

  'packages/vfs': { storey: 0, imports: [], external: ['fs-native-extensions'] },
  'packages/net': { storey: 0, imports: [], external: ['ws', 'pkijs', 'asn1js'] },
  // Its tests prove that raft's own records and the generated messages are mutually assignable.
  'packages/proto': { storey: 0, imports: [], external: ['protobufjs'], tests: ['raft'] },

  'packages/raft': { storey: 1, imports: [] },
  'packages/lease': { storey: 1, imports: [] },
  'packages/membership': { storey: 1, imports: [] },
  'packages/auth': { storey: 1, imports: [], external: ['jose', 'bcryptjs'] },
  'packages/grpc': { storey: 1, imports: [] },
  'packages/wal': { storey: 1, imports: ['proto', 'vfs'] },
  'packages/snap': { storey: 1, imports: ['proto', 'vfs'] },
  'packages/bbolt': { storey: 1, imports: ['proto', 'vfs'] },
  'packages/backend': { storey: 1, imports: ['vfs'], external: ['lmdb'] },
  'packages/mvcc': { storey: 1, imports: ['proto'] },
  'packages/rafthttp': { storey: 1, imports: ['proto', 'net'], external: ['ws'] },

  'packages/server': { storey: 2, imports: belowServer, external: ['lmdb', 'prom-client'] },
  'packages/client': { storey: 2, imports: ['grpc', 'net', 'proto'] },

  'packages/ctl': {
    storey: 3,
    imports: ['client', 'server/offline', 'wal', 'snap', 'backend', 'bbolt', 'membership', 'raft'],
    external: ['commander', 'fs-native-extensions', 'lmdb'],
    tests: ['vfs'],
  },
  'apps/server': { storey: 3, imports: ['server/embed'], external: ['fs-native-extensions', 'lmdb', 'pino', 'yaml'] },
  'apps/sim': { storey: 3, imports: ['server', 'client', 'vfs', 'net', 'backend', 'rafthttp', 'testing'] },
}

/** Examples show how the packages are used: any door, nothing else. */
/** @type {Row} */
export const exampleRow = { storey: 3, imports: ['testing', 'client', 'server', ...belowServer] }

/** Packages of others that any package may use while it is developed. */
export const developmentExternal = [
  'vitest',
  'fast-check',
  'esbuild',
  '@grpc/grpc-js',
  '@types/node',
  '@types/ws',
  'playwright-core',
]
