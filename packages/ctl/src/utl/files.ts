/** Commands that read or tidy files as they are. */
import { checkDatabase, defragmentDataDir, dumpLog, hashDatabase, showSnap } from '@kvs/server/offline'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import type { UtlSession } from './session.ts'

/** Go's flag library says so, and ends with 1. */
export function exactly(count: number, args: readonly string[]): void {
  if (args.length !== count) throw new CtlError('error', `accepts ${count} arg(s), received ${args.length}`)
}

export const hashKv: Command<UtlSession> = {
  name: 'hashkv',
  summary: 'Prints the KV history hash of a given file',
  usage: '<filename>',
  flags: [{ name: 'rev', kind: 'int', value: '0', help: 'maximum revision to hash (0: the newest)' }],
  run: async (session, args, flags) => {
    exactly(1, args)
    const format = session.format()
    const at = { path: args[0] as string, timeoutMs: session.timeoutMs, revision: flags.int('rev') }
    session.lines(format.hashKv(await hashDatabase(at)))
  },
}

const waitingAfterMs = 1000

async function defragment(session: UtlSession, flags: Flags): Promise<void> {
  const dataDir = flags.text('data-dir')
  const path = `${dataDir}/member/snap/db`
  const waiting = setTimeout(() => {
    session.errorLine(`waiting for the member to stop and release its lock on "${dataDir}"`)
  }, waitingAfterMs)
  try {
    const at = { dataDir, walDir: flags.text('wal-dir'), timeoutMs: session.timeoutMs }
    const { bytesBefore, bytesAfter } = await defragmentDataDir(at)
    session.log('finished defragmenting directory', {
      path,
      'current-db-size-bytes-diff': bytesAfter - bytesBefore,
      'current-db-size-bytes': bytesAfter,
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CtlError('error', `Failed to defragment etcd data[${dataDir}] (${reason})`, { cause: error })
  } finally {
    clearTimeout(waiting)
  }
}

export const defrag: Command<UtlSession> = {
  name: 'defrag',
  summary: 'Defragments the storage of the etcd',
  flags: [
    { name: 'data-dir', kind: 'string', value: '', help: 'data directory that no member uses', isRequired: true },
    { name: 'wal-dir', kind: 'string', value: '', help: 'directory of its log, if that is not below it' },
  ],
  run: (session, _args, flags) => defragment(session, flags),
}

export const wal: Command<UtlSession> = {
  name: 'wal',
  summary: 'Shows a write-ahead log',
  children: [
    {
      name: 'dump',
      summary: 'Prints every record of a log, with what its entries mean',
      usage: '<log directory or data directory>',
      flags: [{ name: 'start-index', kind: 'uint', value: '0', help: 'leave entries below out' }],
      run: async (session, args, flags) => {
        exactly(1, args)
        const line = (text: string): void => session.lines([text])
        const end = await dumpLog({ dir: args[0] as string, startIndex: flags.int('start-index'), line })
        line(`${end.file}:${end.offsetBytes} end${end.isTorn ? ', behind which a record was begun' : ''}`)
      },
    },
  ],
}

export const snap: Command<UtlSession> = {
  name: 'snap',
  summary: 'Shows a .snap file',
  children: [
    {
      name: 'show',
      summary: 'Prints what a .snap file says: its place in the log, and the members',
      usage: '<filename>',
      run: async (session, args) => {
        exactly(1, args)
        session.lines(await showSnap(args[0] as string))
      },
    },
  ],
}

export const db: Command<UtlSession> = {
  name: 'db',
  summary: 'Checks a state file',
  children: [
    {
      name: 'check',
      summary: 'Reads a whole state file or backup and checks everything in it',
      usage: '<filename>',
      run: async (session, args) => {
        exactly(1, args)
        const path = args[0] as string
        const { summary, problems } = await checkDatabase({ path, timeoutMs: session.timeoutMs })
        session.lines([`${path}: ${summary}`, ...problems])
        if (problems.length > 0) throw new CtlError('error', `${path} is damaged`)
      },
    },
  ],
}
