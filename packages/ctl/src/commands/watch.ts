import { type Client, type ClientWatcher, KvsError, type Range, type WatchOptions } from '@kvs/client'
import { type Event, EventType } from '@kvs/client/messages'
import type { WatchAnswer } from '../answers.ts'
import type { Command, Flags } from '../command.ts'
import { CtlError, errorText } from '../errors.ts'
import { quote, splitWords } from '../go-text.ts'
import { parseCommandLine } from '../parse.ts'
import { nameOf } from '../print/names.ts'
import type { Session } from '../session.ts'

const badArguments = (message: string): CtlError => new CtlError('badArguments', message)

/** What to watch, and the program to run for each event. */
interface WatchRequest {
  readonly range: Range
  readonly options: WatchOptions
  readonly program: readonly string[]
}

interface KeyFromEnvironment {
  readonly key: string | undefined
  readonly end: string | undefined
}

function keyFromEnvironment(session: Session): KeyFromEnvironment {
  const key = session.io.env['ETCDCTL_WATCH_KEY'] || undefined
  const end = session.io.env['ETCDCTL_WATCH_RANGE_END'] || undefined
  if (key === undefined && end !== undefined) {
    throw badArguments(`ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END=${quote(end)}`)
  }
  return { key, end }
}

/** `separator`: where `--` stood among the arguments, or −1. */
function watchRequest(
  words: { readonly args: readonly string[]; readonly program: readonly string[] | undefined },
  flags: Flags,
  environment: KeyFromEnvironment,
): WatchRequest {
  const { program } = words
  if (program !== undefined && program.length === 0) {
    throw badArguments('bad number of arguments (found separator --, but no commands)')
  }
  if (environment.key !== undefined && words.args.length > 0) {
    throw badArguments('bad number of arguments (found conflicting environment key)')
  }
  const fromEnvironment = [environment.key, environment.end].filter(each => each !== undefined)
  const [key, end] = environment.key === undefined ? words.args : fromEnvironment
  if (key === undefined) throw badArguments('bad number of arguments')
  const prefix = flags.bool('prefix')
  if (prefix && end !== undefined) throw badArguments('`range_end` and `--prefix` are mutually exclusive')
  const range = prefix ? { prefix: key } : end === undefined ? key : { key, end }
  const options = {
    startRevision: flags.int('rev'),
    prevKv: flags.bool('prev-kv'),
    progressNotify: flags.bool('progress-notify'),
    requireLeader: true,
  }
  return { range, options, program: program ?? [] }
}

/** Arguments before `--`, and what follows it. */
function splitProgram(args: readonly string[]): { args: readonly string[]; program: readonly string[] | undefined } {
  const at = args.indexOf('--')
  return at < 0 ? { args, program: undefined } : { args: args.slice(0, at), program: args.slice(at + 1) }
}

/** Prints updates until the server ends the watch, or the user does. */
async function show(session: Session, watcher: ClientWatcher, program: readonly string[]): Promise<void> {
  let header: WatchAnswer['header'] = { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 }
  try {
    for await (const update of watcher) {
      header = update.header
      if (update.events.length === 0) session.line(`progress notify: ${header.revision}`)
      session.print('watch', { response: { ...update, compactRevision: 0, canceled: false } })
      if (program.length > 0)
        for (const event of update.events) await runProgram(session, program, event, header.revision)
    }
  } catch (error) {
    if (!(error instanceof KvsError)) throw error
    session.errorLine(`watch was canceled (${errorText(error)})`)
    const compactRevision = error.compactRevision ?? 0
    session.print('watch', { response: { header, events: [], compactRevision, canceled: true } })
  }
}

async function runProgram(session: Session, program: readonly string[], event: Event, revision: number): Promise<void> {
  // Slow to load, and rarely needed.
  const { spawn } = await import('node:child_process')
  const [command = '', ...args] = program
  const env = {
    ...session.io.env,
    ETCD_WATCH_REVISION: String(revision),
    ETCD_WATCH_EVENT_TYPE: quote(nameOf(EventType, event.type)),
    ETCD_WATCH_KEY: quote(event.kv?.key ?? ''),
    ETCD_WATCH_VALUE: quote(event.kv?.value ?? ''),
  }
  return new Promise((resolve, reject) => {
    const failed = (reason: string): void => {
      session.errorLine(`command ${quoteAll(program)} error (${reason})`)
      reject(new CtlError('error', reason, { shown: false }))
    }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk: Uint8Array) => session.io.out(chunk))
    child.stderr.on('data', (chunk: Uint8Array) => session.io.err(chunk))
    child.once('error', error => failed(error.message))
    child.once('close', code => (code === 0 ? resolve() : failed(`exit status ${code}`)))
  })
}

const quoteAll = (words: readonly string[]): string => `[${words.map(word => quote(word)).join(' ')}]`

async function runWatch(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const environment = keyFromEnvironment(session)
  if (flags.bool('interactive')) return runInteractive(session, environment)
  const at = session.io.args.indexOf('--')
  const program = at < 0 ? undefined : session.io.args.slice(at + 1)
  const own = program === undefined ? args : args.slice(0, args.length - program.length)
  const request = watchRequest({ args: own, program }, flags, environment)
  const client = await session.client()
  const watcher = client.watch(request.range, { ...request.options, signal: session.io.interrupted })
  await show(session, watcher, request.program)
  throw new CtlError('interrupted', 'watch is canceled by the server', { shown: !session.io.interrupted.aborted })
}

/** Lines `watch …` and `progress` from standard input. */
async function runInteractive(session: Session, environment: KeyFromEnvironment): Promise<void> {
  const client = await session.client()
  let last: ClientWatcher | undefined
  for await (const line of session.io.readLines()) {
    const words = splitWords(line).map(word => (typeof word === 'string' ? word : Buffer.from(word).toString()))
    if (words[0] === undefined) session.errorLine(`Invalid command: ${line} (watch and progress supported)`)
    else if (words[0] === 'progress') last?.requestProgress()
    else if (words[0] !== 'watch') session.errorLine(`Invalid command ${line} (only support watch)`)
    else if (words.length < 2 && environment.key === undefined) {
      session.errorLine(`Invalid command ${line} (command type or key is not provided)`)
    } else last = startInteractive(session, client, words, environment) ?? last
  }
  throw new CtlError('invalidInput', 'error reading watch request line: EOF')
}

function startInteractive(
  session: Session,
  client: Client,
  words: readonly string[],
  environment: KeyFromEnvironment,
): ClientWatcher | undefined {
  const { args, program } = splitProgram(words)
  const parsed = parseCommandLine(args, { name: 'watch', commands: [watch], globals: [], env: {}, out: () => {} })
  if (parsed === undefined) return undefined
  const request = watchRequest({ args: parsed.args, program }, parsed.flags, environment)
  const watcher = client.watch(request.range, { ...request.options, signal: session.io.interrupted })
  show(session, watcher, request.program).catch((error: unknown) => session.errorLine(`Error: ${errorText(error)}`))
  return watcher
}

export const watch: Command = {
  name: 'watch',
  summary: 'Watches events stream on keys or prefixes',
  usage: '[key or prefix] [range_end] [--] [program arg1 arg2 ...]',
  examples: ['watch greeting', 'watch --prefix config/ --rev 100', 'watch greeting -- sh -c env'],
  flags: [
    { name: 'interactive', short: 'i', kind: 'bool', value: 'false', help: 'read commands from standard input' },
    { name: 'prefix', kind: 'bool', value: 'false', help: 'all keys that begin with the given one' },
    { name: 'rev', kind: 'int', value: '0', help: 'from this revision on' },
    { name: 'prev-kv', kind: 'bool', value: 'false', help: 'print the pair as it was before' },
    { name: 'progress-notify', kind: 'bool', value: 'false', help: 'print the revision now and then' },
  ],
  run: runWatch,
}
