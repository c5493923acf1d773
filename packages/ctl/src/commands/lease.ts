import type { Command } from '../command.ts'
import { CtlError, errorText } from '../errors.ts'
import { hex16, parseInt64 } from '../go-text.ts'
import type { Session } from '../session.ts'
import { expectCount, leaseArgument } from './arguments.ts'

/** Runs a call; its failure ends the program as etcdctl's would. */
async function call<T>(run: () => Promise<T>, failed: (reason: string) => CtlError): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof CtlError ? error : failed(errorText(error))
  }
}

const badConnection = (reason: string): CtlError => new CtlError('badConnection', reason)

async function grant(session: Session, args: readonly string[]): Promise<void> {
  expectCount(args, 1, 'lease grant command needs TTL argument')
  let ttl: number
  try {
    ttl = parseInt64(args[0] as string)
  } catch (error) {
    throw new CtlError('badArguments', `bad TTL (${error instanceof Error ? error.message : error})`)
  }
  const client = await session.client()
  const response = await call(
    () => client.lease.grant(ttl, session.timeout),
    reason => new CtlError('error', `failed to grant lease (${reason})`),
  )
  session.print('leaseGrant', { response })
}

async function revoke(session: Session, args: readonly string[]): Promise<void> {
  expectCount(args, 1, 'lease revoke command needs 1 argument')
  const id = leaseArgument(args[0] as string)
  const client = await session.client()
  const response = await call(
    () => client.lease.revoke(id, session.timeout),
    reason => new CtlError('error', `failed to revoke lease (${reason})`),
  )
  session.print('leaseRevoke', { response, id })
}

async function timeToLive(session: Session, args: readonly string[], keys: boolean): Promise<void> {
  expectCount(args, 1, 'lease timetolive command needs lease ID as argument')
  const id = leaseArgument(args[0] as string)
  const client = await session.client()
  const response = await call(() => client.lease.timeToLive(id, { keys, ...session.timeout }), badConnection)
  session.print('leaseTimeToLive', { response, keys })
}

async function keepAlive(session: Session, args: readonly string[], once: boolean): Promise<void> {
  expectCount(args, 1, 'lease keep-alive command needs lease ID as argument')
  const id = leaseArgument(args[0] as string)
  const client = await session.client()
  if (once) {
    const response = await call(() => client.lease.keepAliveOnce(id), badConnection)
    session.print('leaseKeepAlive', { response })
    return
  }
  const renewal = client.lease.keepAlive(id)
  session.io.interrupted.addEventListener('abort', () => renewal.stop())
  try {
    for await (const response of renewal) session.print('leaseKeepAlive', { response })
  } catch (error) {
    if (error instanceof CtlError) throw error
    session.line(`lease ${hex16(id)} expired or revoked.`)
  }
}

export const lease: Command = {
  name: 'lease',
  summary: 'Lease related commands',
  children: [
    {
      name: 'grant',
      summary: 'Creates leases',
      usage: '<ttl in seconds>',
      run: (session, args) => grant(session, args),
    },
    {
      name: 'revoke',
      summary: 'Revokes leases',
      usage: '<leaseID in hexadecimal>',
      run: (session, args) => revoke(session, args),
    },
    {
      name: 'timetolive',
      summary: 'Get lease information',
      usage: '<leaseID in hexadecimal>',
      flags: [{ name: 'keys', kind: 'bool', value: 'false', help: 'print the keys bound to the lease' }],
      run: (session, args, flags) => timeToLive(session, args, flags.bool('keys')),
    },
    {
      name: 'list',
      summary: 'List all active leases',
      run: async session => {
        const client = await session.client()
        session.print('leases', { response: await call(() => client.lease.list(session.timeout), badConnection) })
      },
    },
    {
      name: 'keep-alive',
      summary: 'Keeps leases alive (renew)',
      usage: '<leaseID in hexadecimal>',
      flags: [{ name: 'once', kind: 'bool', value: 'false', help: 'renew once and end' }],
      run: (session, args, flags) => keepAlive(session, args, flags.bool('once')),
    },
  ],
}
