import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Client } from '@kvs/client'
import { type AlarmResponse, DowngradeRequestDowngradeAction } from '@kvs/client/messages'
import type { Command, Flags } from '../command.ts'
import { CtlError, errorText } from '../errors.ts'
import { formatDuration } from '../go-text.ts'
import type { Session } from '../session.ts'
import { expectCount, idArgument } from './arguments.ts'
import { endpointsAsked } from './endpoint.ts'

async function disarmAll(client: Client, timeout: { readonly timeoutMs: number }): Promise<AlarmResponse> {
  const { alarms } = await client.maintenance.alarms(timeout)
  const ended: AlarmResponse['alarms'][number][] = []
  for (const alarm of alarms) ended.push(...(await client.maintenance.disarm(alarm, timeout)).alarms)
  return { header: undefined, alarms: ended }
}

export const alarm: Command = {
  name: 'alarm',
  summary: 'Alarm related commands',
  children: [
    {
      name: 'list',
      summary: 'Lists all alarms',
      run: async (session, args) => {
        expectCount(args, 0, 'alarm list command accepts no arguments')
        session.print('alarm', { response: await (await session.client()).maintenance.alarms(session.timeout) })
      },
    },
    {
      name: 'disarm',
      summary: 'Disarms all alarms',
      run: async (session, args) => {
        expectCount(args, 0, 'alarm disarm command accepts no arguments')
        session.print('alarm', { response: await disarmAll(await session.client(), session.timeout) })
      },
    },
  ],
}

async function defragment(session: Session, flags: Flags): Promise<void> {
  const endpoints = await endpointsAsked(session, flags)
  const client = await session.client()
  let failed = false
  for (const endpoint of endpoints) {
    const began = performance.now()
    const took = (): string => formatDuration(performance.now() - began)
    // A big backend takes longer than a short command may, unless somebody says otherwise.
    const timeoutMs = flags.given('command-timeout') ? session.timeout.timeoutMs : Number.POSITIVE_INFINITY
    try {
      await client.maintenance.defragment({ endpoint, timeoutMs })
      session.line(`Finished defragmenting etcd member[${endpoint}]. took ${took()}`)
    } catch (error) {
      failed = true
      session.errorLine(`Failed to defragment etcd member[${endpoint}]. took ${took()}. (${errorText(error)})`)
    }
  }
  if (failed) throw new CtlError('error', 'a member was not defragmented', { shown: false })
}

export const defrag: Command = {
  name: 'defrag',
  summary: 'Defragments the storage of the etcd members with given endpoints',
  flags: [{ name: 'cluster', kind: 'bool', value: 'false', help: 'all endpoints of the member list' }],
  run: (session, _args, flags) => defragment(session, flags),
}

const digestBytes = 32

/** Writes to `path.part`, flushes it and renames it: the file is there whole or not at all. */
async function saveSnapshot(session: Session, path: string): Promise<string> {
  const endpoints = await session.endpoints()
  if (endpoints.length !== 1) {
    throw new CtlError(
      'badArguments',
      `snapshot must be requested to one selected node, not multiple [${endpoints.join(' ')}]`,
    )
  }
  const { createHash } = await import('node:crypto')
  const part = `${path}.part`
  const client = await session.client()
  let version = ''
  const file = await open(part, 'w', 0o600)
  try {
    let whole = Buffer.alloc(0)
    const digest = createHash('sha256')
    for await (const piece of client.maintenance.snapshot({ signal: session.io.interrupted })) {
      version ||= piece.version
      await file.write(piece.blob)
      // What may yet be the digest at the end is held back.
      whole = Buffer.concat([whole, piece.blob])
      const body = Math.max(0, whole.length - digestBytes)
      digest.update(whole.subarray(0, body))
      whole = Buffer.from(whole.subarray(body))
    }
    if (!digest.digest().equals(whole)) throw new CtlError('error', 'the snapshot does not match its sha256 digest')
    await file.sync()
  } catch (error) {
    await file.close()
    await rm(part, { force: true })
    throw error
  }
  await file.close()
  await rename(part, path)
  await syncFolder(dirname(path))
  return version
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const snapshot: Command = {
  name: 'snapshot',
  summary: 'Manages etcd node snapshots',
  children: [
    {
      name: 'save',
      summary: 'Stores an etcd node backend snapshot to a given file',
      usage: '<file>',
      run: async (session, args) => {
        expectCount(args, 1, 'snapshot save expects one argument')
        const path = args[0] as string
        const version = await saveSnapshot(session, path)
        session.line(`Snapshot saved at ${path}`)
        if (version !== '') session.line(`Server version ${version}`)
      },
    },
  ],
}

async function moveLeader(session: Session, args: readonly string[]): Promise<void> {
  expectCount(args, 1, 'move-leader command needs 1 argument')
  const target = idArgument(args[0] as string)
  const endpoints = await session.endpoints()
  const client = await session.client()
  for (const endpoint of endpoints) {
    const status = await client.maintenance.status({ endpoint, ...session.timeout })
    const leader = status.header?.memberId
    if (leader === undefined || leader !== status.leader) continue
    const response = await client.maintenance.moveLeader(target, { endpoint, ...session.timeout })
    session.print('moveLeader', { response, leader, target })
    return
  }
  throw new CtlError('badArguments', `no leader endpoint given at [${endpoints.join(' ')}]`)
}

export const moveLeaderCommand: Command = {
  name: 'move-leader',
  summary: 'Transfers leadership to another etcd cluster member',
  usage: '<memberID>',
  run: (session, args) => moveLeader(session, args),
}

type DowngradeStep = 'validate' | 'enable' | 'cancel'

const downgradeActions = {
  validate: DowngradeRequestDowngradeAction.VALIDATE,
  enable: DowngradeRequestDowngradeAction.ENABLE,
  cancel: DowngradeRequestDowngradeAction.CANCEL,
} as const

function downgradeStep(step: DowngradeStep, summary: string): Command {
  return {
    name: step,
    summary,
    ...(step === 'cancel' ? {} : { usage: '<version, such as 3.6>' }),
    run: async (session, args) => {
      if (step !== 'cancel') expectCount(args, 1, 'TARGET_VERSION not provided')
      const request = { action: downgradeActions[step], version: step === 'cancel' ? '' : (args[0] as string) }
      const { version } = await (await session.client()).maintenance.downgrade(request, session.timeout)
      session.line(`Downgrade ${step} success, cluster version ${version}`)
    },
  }
}

export const downgrade: Command = {
  name: 'downgrade',
  summary: 'Downgrade related commands',
  children: [
    downgradeStep('validate', 'Validate downgrade capability before starting downgrade'),
    downgradeStep('enable', 'Start a downgrade action to cluster'),
    downgradeStep('cancel', 'Cancel the ongoing downgrade action to cluster'),
  ],
}
