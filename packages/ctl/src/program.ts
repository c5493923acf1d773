import type { Command, Flags } from './command.ts'
import { auth, role, user } from './commands/auth.ts'
import { check } from './commands/check.ts'
import { elect, lock } from './commands/concurrency.ts'
import { endpoint } from './commands/endpoint.ts'
import { compaction, del, get, put } from './commands/kv.ts'
import { lease } from './commands/lease.ts'
import { alarm, defrag, downgrade, moveLeaderCommand, snapshot } from './commands/maintenance.ts'
import { makeMirror } from './commands/make-mirror.ts'
import { member } from './commands/member.ts'
import { txn } from './commands/txn.ts'
import { watch } from './commands/watch.ts'
import { completionCommand } from './completion.ts'
import { CtlError, errorText, exitCode } from './errors.ts'
import { environmentName, globalFlags, otherVariables } from './global-flags.ts'
import type { CtlIo } from './io.ts'
import { parseCommandLine } from './parse.ts'
import { Session } from './session.ts'
import { versionLines } from './version.ts'

const programName = 'kvsctl'

const version: Command = {
  name: 'version',
  summary: 'Prints the version',
  run: session => {
    session.line(versionLines('etcdctl').join('\n'))
    return Promise.resolve()
  },
}

const options: Command = {
  name: 'options',
  summary: 'Lists the flags that all commands take',
  run: session => {
    session.line('The following options can be passed to any command:\n')
    for (const { name, short, value, help } of globalFlags) {
      const names = `${short === undefined ? '    ' : `-${short}, `}--${name}=${value}`
      session.line(`  ${names.padEnd(44)}${help}`)
    }
    return Promise.resolve()
  },
}

const commands: readonly Command[] = [
  ...[get, put, del, txn, compaction, watch, lease],
  ...[member, endpoint, alarm, defrag, snapshot, moveLeaderCommand, downgrade],
  ...[lock, elect, makeMirror, check, auth, user, role, version, options],
  completionCommand<Session>({
    program: () => ({ name: programName, commands, globals: globalFlags }),
    say: (session, lines) => session.line(lines.join('\n')),
  }),
]

/** Runs one command line; the result is the exit status. Everything is said through `io`. */
export async function runCtl(io: CtlIo): Promise<number> {
  let session: Session | undefined
  try {
    const parsed = parseCommandLine(io.args, {
      name: programName,
      commands,
      globals: globalFlags,
      env: io.env,
      out: text => io.out(text),
    })
    if (parsed?.command.run === undefined) return exitCode.ok
    warnOfVariables(io, parsed.flags)
    session = new Session(io, parsed.flags)
    if (parsed.flags.bool('debug')) showSettings(io, parsed.flags)
    await parsed.command.run(session, parsed.args, parsed.flags)
    return exitCode.ok
  } catch (error) {
    if (!(error instanceof CtlError) || error.shown) io.err(`Error: ${errorText(error)}\n`)
    if (error instanceof CtlError && error.status !== undefined) return error.status
    return exitCode[error instanceof CtlError ? error.code : 'error']
  } finally {
    await session?.close()
  }
}

/** Variables that mean nothing, and those that a flag overrules. */
function warnOfVariables(io: CtlIo, flags: Flags): void {
  const known = new Map(globalFlags.map(({ name }) => [environmentName(name), name]))
  for (const variable of Object.keys(io.env)) {
    if (!variable.startsWith('ETCDCTL_') || otherVariables.has(variable)) continue
    const flag = known.get(variable)
    if (flag === undefined) io.err(`Warning: unrecognized environment variable ${variable}\n`)
    else if (flags.typed(flag)) io.err(`Warning: environment variable ${variable} is overruled by flag --${flag}\n`)
  }
}

function showSettings(io: CtlIo, flags: Flags): void {
  for (const { name, kind } of globalFlags) {
    io.err(`${environmentName(name)}=${kind === 'list' ? `[${flags.list(name).join(',')}]` : flags.text(name)}\n`)
  }
}
