import { formatId } from '@kvs/membership'
import { type Migrated, migrateFromEtcd, migrateInPlace, ownerOf } from '@kvs/server/offline'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import { quote } from '../go-text.ts'
import { exactly } from './files.ts'
import type { UtlSession } from './session.ts'

/** The storage version that kvs writes. */
const ownVersion = '3.7'

async function takeOver(session: UtlSession, flags: Flags): Promise<void> {
  const from = flags.text('from-etcd')
  const isInPlace = flags.bool('in-place')
  const { timeoutMs } = session
  if (isInPlace) {
    for (const name of ['data-dir', 'wal-dir', 'from-wal-dir']) {
      if (flags.given(name)) throw new CtlError('badArguments', `--in-place and --${name} exclude each other`)
    }
  } else if (!flags.given('data-dir')) {
    throw new CtlError('badArguments', '--from-etcd needs --data-dir, the directory to make, or --in-place')
  }
  const dataDir = isInPlace ? from : flags.text('data-dir')
  const walDir = flags.text('wal-dir')
  const made = isInPlace
    ? await migrateInPlace({ from, timeoutMs })
    : await migrateFromEtcd({ from, fromWalDir: flags.text('from-wal-dir'), dataDir, walDir, timeoutMs })
  session.lines(describe(made, dataDir))
}

function describe(
  { memberId, clusterId, members, index, entriesBehind, foreignKeys }: Migrated,
  dir: string,
): string[] {
  const lines = [
    `'${dir}' is member ${formatId(memberId)} of cluster ${formatId(clusterId)}, ${count(members.length, 'member')}`,
    `its state contains entry ${index}, ${count(entriesBehind, 'entry', 'entries')} behind it in the log`,
  ]
  if (foreignKeys > 0) lines.push(`left behind: ${count(foreignKeys, 'key')} of etcd's second API`)
  return lines
}

const count = (number: number, one: string, many: string = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`

/** etcdutl's own `migrate`: kvs's files have one storage version, and those of etcd are etcdutl's to change. */
async function changeVersion(session: UtlSession, flags: Flags): Promise<void> {
  const missing = ['data-dir', 'target-version'].filter(name => !flags.given(name))
  if (missing.length > 0) throw new CtlError('error', `required flag(s) ${missing.map(quote).join(', ')} not set`)
  const target = flags.text('target-version')
  if (target.split('.').length !== 2) {
    throw new CtlError('badArguments', `wrong target version format, expected "X.Y", got ${quote(target)}`)
  }
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(target) ?? []
  if (major === undefined) throw new CtlError('badArguments', `failed to parse target version: ${target} is no version`)
  if (Number(major) < 3 || (Number(major) === 3 && Number(minor) < 5)) {
    throw new CtlError('badArguments', `target version ${quote(target)} not supported. Minimal "3.5"`)
  }
  const dataDir = flags.text('data-dir')
  if ((await ownerOf(dataDir)) === 'etcd') {
    const command = `kvsutl migrate --from-etcd '${dataDir}' --data-dir NEW`
    throw new CtlError('error', `'${dataDir}' is of Go's etcd: etcdutl changes its version; for kvs: ${command}`)
  }
  if (target !== ownVersion) {
    const way = 'other releases take a backup (kvsctl snapshot save)'
    throw new CtlError('error', `a data directory of kvs has storage version ${ownVersion} and no other: ${way}`)
  }
  session.log('storage version up-to-date', { 'storage-version': ownVersion })
}

export const migrate: Command<UtlSession> = {
  name: 'migrate',
  summary: "Makes a data directory for kvs of one of Go's etcd (--from-etcd), or checks the storage version",
  examples: [
    'migrate --from-etcd /var/lib/etcd --data-dir /var/lib/kvs',
    'migrate --from-etcd /var/lib/etcd --in-place',
    'migrate --data-dir /var/lib/kvs --target-version 3.7',
  ],
  flags: [
    {
      name: 'from-etcd',
      kind: 'string',
      value: '',
      help: "data directory of Go's etcd (3.4 to 3.7), which is only read",
    },
    { name: 'from-wal-dir', kind: 'string', value: '', help: 'directory of its log, if that is not below it' },
    {
      name: 'in-place',
      kind: 'bool',
      value: 'false',
      help: "put the new directory at the place of etcd's, which is renamed to DIR.etcd",
    },
    { name: 'data-dir', kind: 'string', value: '', help: 'directory that is made; without --from-etcd: to look at' },
    {
      name: 'wal-dir',
      kind: 'string',
      value: '',
      help: 'directory of the new log, if it shall not be below --data-dir',
    },
    { name: 'target-version', kind: 'string', value: '', help: 'storage version "X.Y", 3.5 or newer' },
    { name: 'force', kind: 'bool', value: 'false', help: 'taken and not used: kvs has one storage version' },
  ],
  run: async (session, args, flags) => {
    exactly(0, args)
    if (!flags.given('from-etcd')) return changeVersion(session, flags)
    const other = ['target-version', 'force'].find(name => flags.given(name))
    if (other === undefined) return takeOver(session, flags)
    throw new CtlError('badArguments', `--from-etcd and --${other} exclude each other`)
  },
}
