import { type Client, isKvsError } from '@kvs/client'
import { AlarmType } from '@kvs/client/messages'
import type { EndpointHealth } from '../answers.ts'
import type { Command, Flags } from '../command.ts'
import { CtlError, errorText } from '../errors.ts'
import { formatDuration } from '../go-text.ts'
import { nameOf } from '../print/names.ts'
import type { Session } from '../session.ts'

/** The endpoints that were given, or (with `--cluster`) the client URLs of all members. */
export async function endpointsAsked(session: Session, flags: Flags): Promise<readonly string[]> {
  if (!flags.bool('cluster')) return session.endpoints()
  try {
    const { members } = await (await session.client()).cluster.members(session.timeout)
    return members.flatMap(member => member.clientUrls)
  } catch (error) {
    throw new CtlError('error', `failed to fetch endpoints from etcd cluster member list: ${errorText(error)}`)
  }
}

/** Healthy is who can read through the quorum and has no alarm. That a user may not read the key proves as much. */
async function healthOf(client: Client, endpoint: string, timeoutMs: number): Promise<EndpointHealth> {
  const began = performance.now()
  const options = { endpoint, timeoutMs }
  let error = ''
  try {
    await client.get('health', options)
  } catch (failure) {
    if (!isKvsError(failure, 'PERMISSION_DENIED')) error = errorText(failure)
  }
  const took = formatDuration(performance.now() - began)
  if (error === '') {
    try {
      const { alarms } = await client.maintenance.alarms(options)
      if (alarms.length > 0) {
        error = `Active Alarm(s): ${alarms.map(({ alarm }) => `${nameOf(AlarmType, alarm)} `).join('')}`
      }
    } catch (failure) {
      if (!isKvsError(failure, 'PERMISSION_DENIED')) error = 'Unable to fetch the alarm list'
    }
  }
  return { endpoint, health: error === '', took, error }
}

async function health(session: Session, flags: Flags): Promise<void> {
  const endpoints = await endpointsAsked(session, flags)
  const client = await session.client()
  const { timeoutMs } = session.timeout
  const list = await Promise.all(endpoints.map(endpoint => healthOf(client, endpoint, timeoutMs)))
  session.print('endpointHealth', { list })
  if (session.formatName === 'simple') {
    for (const { endpoint, error } of list) {
      if (error !== '') session.errorLine(`${endpoint} is unhealthy: failed to commit proposal: ${error}`)
    }
  }
  if (list.some(each => !each.health)) throw new CtlError('error', 'unhealthy cluster')
}

/** Asks one endpoint after the other; those that fail are named on stderr and left out. */
async function askEach<T>(
  session: Session,
  flags: Flags,
  { what, ask }: { readonly what: string; readonly ask: (client: Client, endpoint: string) => Promise<T> },
): Promise<{ readonly list: { endpoint: string; response: T }[]; readonly failure: unknown }> {
  const endpoints = await endpointsAsked(session, flags)
  const client = await session.client()
  const list: { endpoint: string; response: T }[] = []
  let failure: unknown
  for (const endpoint of endpoints) {
    try {
      list.push({ endpoint, response: await ask(client, endpoint) })
    } catch (error) {
      failure = error
      session.errorLine(`Failed to get the ${what} of endpoint ${endpoint} (${errorText(error)})`)
    }
  }
  return { list, failure }
}

async function status(session: Session, flags: Flags): Promise<void> {
  const { list, failure } = await askEach(session, flags, {
    what: 'status',
    ask: (client, endpoint) => client.maintenance.status({ endpoint, ...session.timeout }),
  })
  session.print('endpointStatus', { list })
  if (failure !== undefined) throw new CtlError('error', 'an endpoint has no status', { shown: false })
}

async function hashKv(session: Session, flags: Flags): Promise<void> {
  const revision = flags.int('rev')
  const { list, failure } = await askEach(session, flags, {
    what: 'hash',
    ask: (client, endpoint) => client.maintenance.hashKv({ revision, endpoint, ...session.timeout }),
  })
  session.print('endpointHashKv', { list })
  if (failure !== undefined) throw new CtlError('error', errorText(failure))
}

export const endpoint: Command = {
  name: 'endpoint',
  summary: 'Endpoint related commands',
  flags: [{ name: 'cluster', kind: 'bool', value: 'false', help: 'all endpoints of the member list' }],
  children: [
    {
      name: 'health',
      summary: 'Checks the healthiness of endpoints',
      run: (session, _args, flags) => health(session, flags),
    },
    {
      name: 'status',
      summary: 'Prints out the status of endpoints',
      run: (session, _args, flags) => status(session, flags),
    },
    {
      name: 'hashkv',
      summary: 'Prints the KV history hash of endpoints',
      flags: [{ name: 'rev', kind: 'int', value: '0', help: 'up to this revision' }],
      run: (session, _args, flags) => hashKv(session, flags),
    },
  ],
}
