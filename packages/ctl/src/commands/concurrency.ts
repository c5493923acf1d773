import type { Client } from '@kvs/client'
import { EventType } from '@kvs/client/messages'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import type { Session } from '../session.ts'
import { Turn, turnError, untilOver } from '../turn.ts'

/** What stands behind `--`, or behind the name: a program and its arguments. */
async function runLock(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const [name, ...program] = args.filter(arg => arg !== '--')
  if (name === undefined)
    throw new CtlError('badArguments', 'lock takes a lock name argument and an optional command to execute')
  const client = await session.client()
  const turn = await Turn.take(client, { name, value: '', ttlSeconds: flags.int('ttl') })
  try {
    await turn.comes(session.io.interrupted)
  } catch (error) {
    if (!turn.lost.aborted) await turn.leave()
    throw turnError(error, turn)
  }
  if (program.length > 0) return runHolding(session, turn, program)
  await showKey(session, client, turn)
  if ((await untilOver(session.io.interrupted, turn)) === 'lost') throw new CtlError('error', 'session expired')
  await turn.leave()
}

/** Runs a program that is told of the lock; the program's status is ours. */
async function runHolding(session: Session, turn: Turn, program: readonly string[]): Promise<void> {
  // Slow to load, and rarely needed.
  const { spawn } = await import('node:child_process')
  const [command = '', ...args] = program
  const env = { ...session.io.env, ETCD_LOCK_KEY: turn.key, ETCD_LOCK_REV: String(turn.revision) }
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const child = spawn(command, args, { env, stdio: ['inherit', 'pipe', 'pipe'] })
      child.stdout.on('data', (chunk: Uint8Array) => session.io.out(chunk))
      child.stderr.on('data', (chunk: Uint8Array) => session.io.err(chunk))
      child.once('error', error => reject(new CtlError('error', error.message)))
      child.once('close', code => resolve(code ?? 1))
    })
    if (status !== 0) throw new CtlError('error', `exit status ${status}`, { status })
  } finally {
    await turn.leave()
  }
}

async function showKey(session: Session, client: Client, turn: Turn): Promise<void> {
  const response = await client.range(turn.key, session.timeout)
  if (response.kvs.length === 0) throw new CtlError('error', 'lock lost on init')
  session.print('get', { response, valueOnly: false })
}

async function runElect(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const [name, proposal] = args
  const isListening = flags.bool('listen')
  if (name === undefined || args.length > 2) {
    throw new CtlError('badArguments', 'elect takes one election name argument and an optional proposal argument')
  }
  if (isListening && proposal !== undefined) {
    throw new CtlError('badArguments', 'elect does not take a proposal when --listen is set')
  }
  const client = await session.client()
  if (isListening) return observe(session, client, name)
  const turn = await Turn.take(client, { name, value: proposal ?? '', ttlSeconds: sessionTtlSeconds })
  try {
    await turn.comes(session.io.interrupted)
  } catch (error) {
    if (!turn.lost.aborted) await turn.leave()
    throw turnError(error, turn)
  }
  await showKey(session, client, turn)
  if ((await untilOver(session.io.interrupted, turn)) === 'lost') {
    throw new CtlError('error', 'elect: session expired')
  }
  await turn.leave()
}

/** etcd's sessions live so long after their last renewal. */
const sessionTtlSeconds = 60

/** Prints the leader, and each one that follows, until the user has had enough. */
async function observe(session: Session, client: Client, name: string): Promise<void> {
  const signal = session.io.interrupted
  const leader = async (revision?: number): Promise<number> => {
    const options = { sortBy: 'create', order: 'ascend', limit: 1, revision } as const
    const response = await client.range({ prefix: `${name}/` }, options)
    if (response.kvs.length > 0) session.print('get', { response, valueOnly: false })
    return response.header?.revision ?? 0
  }
  const startRevision = (await leader()) + 1
  let shown = startRevision - 1
  for await (const { events, header } of client.watch({ prefix: `${name}/` }, { startRevision, signal })) {
    const changed = events.some(({ type, kv }) => type === EventType.DELETE || kv?.version === 1)
    if (changed && header.revision > shown) shown = await leader(header.revision)
  }
  if (!signal.aborted) throw new CtlError('error', 'elect: observer lost')
}

export const lock: Command = {
  name: 'lock',
  summary: 'Acquires a named lock',
  usage: '<lockname> [exec-command arg1 arg2 ...]',
  examples: ['lock job', 'lock job -- sh -c "echo $ETCD_LOCK_KEY"'],
  flags: [{ name: 'ttl', kind: 'int', value: '10', help: 'seconds for which the lock outlives its holder' }],
  run: runLock,
}

export const elect: Command = {
  name: 'elect',
  summary: 'Observes and participates in leader election',
  usage: '<election-name> [proposal]',
  examples: ['elect primary me', 'elect --listen primary'],
  flags: [{ name: 'listen', short: 'l', kind: 'bool', value: 'false', help: 'print leaders, do not become one' }],
  run: runElect,
}
