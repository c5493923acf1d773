import type { Command, Flag } from '../command.ts'
import { completionCommand } from '../completion.ts'
import { CtlError, exitCode } from '../errors.ts'
import { parseCommandLine } from '../parse.ts'
import { versionLines } from '../version.ts'
import { db, defrag, hashKv, snap, wal } from './files.ts'
import { migrate } from './migrate.ts'
import { type UtlIo, UtlSession } from './session.ts'
import { snapshot } from './snapshot.ts'

export type { UtlIo }

const programName = 'kvsutl'

/** Flags that every command takes. */
const globalFlags: readonly Flag[] = [
  {
    name: 'write-out',
    short: 'w',
    kind: 'string',
    value: 'simple',
    help: 'output format (fields, json, protobuf, simple, table)',
  },
  {
    name: 'timeout',
    kind: 'duration',
    value: '10s',
    help: 'how long to wait for a member that uses the files (0: for ever)',
  },
]

const version: Command<UtlSession> = {
  name: 'version',
  summary: 'Prints the version',
  run: session => {
    session.lines(versionLines('etcdutl'))
    return Promise.resolve()
  },
}

const commands: readonly Command<UtlSession>[] = [
  ...[defrag, snapshot, hashKv, version, migrate, wal, snap, db],
  completionCommand<UtlSession>({
    program: () => ({ name: programName, commands, globals: globalFlags }),
    say: (session, lines) => session.lines(lines),
  }),
]

/** Runs one command line; the result is the exit status. Everything is said through `io`. */
export async function runUtl(io: UtlIo): Promise<number> {
  try {
    const parsed = parseCommandLine(io.args, {
      name: programName,
      commands,
      globals: globalFlags,
      env: {},
      out: text => io.out(text),
    })
    if (parsed?.command.run === undefined) return exitCode.ok
    await parsed.command.run(new UtlSession(io, parsed.flags), parsed.args, parsed.flags)
    return exitCode.ok
  } catch (error) {
    io.err(`Error: ${error instanceof Error ? error.message : String(error)}\n`)
    return exitCode[error instanceof CtlError ? error.code : 'error']
  }
}
