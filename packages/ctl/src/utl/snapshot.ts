import { formatId } from '@kvs/membership'
import { databaseStatus, restoreSnapshot } from '@kvs/server/offline'
import type { Command, Flag, Flags } from '../command.ts'
import { expectCount } from '../commands/arguments.ts'
import { CtlError } from '../errors.ts'
import type { UtlSession } from './session.ts'

const restoreFlags: readonly Flag[] = [
  { name: 'data-dir', kind: 'string', value: '', help: 'directory that is made', isRequired: true },
  { name: 'wal-dir', kind: 'string', value: '', help: 'directory of the log, if it shall not be below --data-dir' },
  { name: 'name', kind: 'string', value: 'default', help: 'name of this member' },
  {
    name: 'initial-cluster',
    kind: 'string',
    value: 'default=http://localhost:2380',
    help: 'names and peer URLs of all members of the new cluster',
  },
  { name: 'initial-cluster-token', kind: 'string', value: 'etcd-cluster', help: 'token of the new cluster' },
  {
    name: 'initial-advertise-peer-urls',
    kind: 'list',
    value: 'http://localhost:2380',
    help: 'peer URLs of this member, as --initial-cluster has them',
  },
  {
    name: 'skip-hash-check',
    kind: 'bool',
    value: 'false',
    help: 'take a file without a digest (needed for one from a data directory)',
  },
  { name: 'bump-revision', kind: 'uint', value: '0', help: 'by how much the newest revision is raised' },
  {
    name: 'mark-compacted',
    kind: 'bool',
    value: 'false',
    help: 'mark everything up to that revision as compacted (goes with --bump-revision)',
  },
  { name: 'initial-memory-map-size', kind: 'uint', value: '10737418240', help: 'taken and not used: of bbolt' },
]

async function status(session: UtlSession, args: readonly string[]): Promise<void> {
  expectCount(args, 1, 'snapshot status requires exactly one argument')
  const format = session.format()
  session.lines(format.status(await databaseStatus({ path: args[0] as string, timeoutMs: session.timeoutMs })))
}

async function restore(session: UtlSession, args: readonly string[], flags: Flags): Promise<void> {
  expectCount(args, 1, 'snapshot restore requires exactly one argument')
  const bumpRevision = flags.int('bump-revision')
  if (bumpRevision > 0 !== flags.bool('mark-compacted')) {
    throw new CtlError('badArguments', '--mark-compacted required if --revision-bump > 0')
  }
  const path = args[0] as string
  const dataDir = flags.text('data-dir')
  const walDir = flags.text('wal-dir')
  const where = {
    path,
    'wal-dir': walDir === '' ? `${dataDir}/member/wal` : walDir,
    'data-dir': dataDir,
    'snap-dir': `${dataDir}/member/snap`,
  }
  session.log('restoring snapshot', where)
  const { clusterId, members } = await restoreSnapshot({
    snapshotPath: path,
    dataDir,
    walDir,
    name: flags.text('name'),
    initialCluster: flags.text('initial-cluster'),
    initialClusterToken: flags.text('initial-cluster-token'),
    initialAdvertisePeerUrls: flags.list('initial-advertise-peer-urls'),
    skipHashCheck: flags.bool('skip-hash-check'),
    bumpRevision,
    timeoutMs: session.timeoutMs,
  })
  for (const { id, peerUrls } of members) {
    session.log('added member', {
      'cluster-id': formatId(clusterId),
      'local-member-id': '0',
      'added-peer-id': formatId(id),
      'added-peer-peer-urls': peerUrls,
    })
  }
  session.log('restored snapshot', where)
}

export const snapshot: Command<UtlSession> = {
  name: 'snapshot',
  summary: 'Manages etcd node snapshots',
  children: [
    {
      name: 'status',
      summary: 'Gets backend snapshot status of a given file',
      usage: '<filename>',
      run: status,
    },
    {
      name: 'restore',
      summary: 'Restores an etcd member snapshot to an etcd directory',
      usage: '<filename> --data-dir {output dir}',
      flags: restoreFlags,
      run: restore,
    },
    {
      name: 'save',
      summary: 'Is done by `kvsctl snapshot save`',
      run: () => {
        const text = 'In order to download snapshot use: `kvsctl snapshot save ...`'
        return Promise.reject(new CtlError('badArguments', text))
      },
    },
  ],
}
