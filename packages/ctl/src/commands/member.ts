import type { Member } from '@kvs/client/messages'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import { quote } from '../go-text.ts'
import type { Session } from '../session.ts'
import { memberArgument } from './arguments.ts'

const badArguments = (message: string): CtlError => new CtlError('badArguments', message)

function oneId(args: readonly string[]): bigint {
  if (args.length !== 1) throw badArguments('member ID is not provided')
  return memberArgument(args[0] as string)
}

function peerUrls(flags: Flags): readonly string[] {
  return flags.given('peer-urls') ? flags.list('peer-urls') : []
}

async function add(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const [name, extra] = args
  if (name === undefined) throw badArguments('member name not provided')
  if (extra !== undefined) {
    const hint =
      extra.startsWith('http://') || extra.startsWith('https://') ? `, did you mean --peer-urls=${extra}` : ''
    throw badArguments(`too many arguments${hint}`)
  }
  const urls = peerUrls(flags)
  if (urls.length === 0) throw badArguments('member peer urls not provided')
  const client = await session.client()
  const response = await client.cluster.add(urls, { learner: flags.bool('learner'), ...session.timeout })
  session.print('memberAdd', { response })
  if (session.formatName !== 'simple') return
  const id = response.member?.id
  const listed =
    response.members.length > 0 ? response.members : (await client.cluster.members(session.timeout)).members
  const initial = listed.flatMap(member => memberUrls(member, id, name))
  session.line(
    [
      '',
      `ETCD_NAME=${quote(name)}`,
      `ETCD_INITIAL_CLUSTER=${quote(initial.join(','))}`,
      `ETCD_INITIAL_ADVERTISE_PEER_URLS=${quote(urls.join(','))}`,
      'ETCD_INITIAL_CLUSTER_STATE="existing"',
    ].join('\n'),
  )
}

function memberUrls(member: Member, added: bigint | undefined, name: string): string[] {
  return member.peerUrls.map(url => `${member.id === added ? name : member.name}=${url}`)
}

async function update(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const id = oneId(args)
  const urls = peerUrls(flags)
  if (urls.length === 0) throw badArguments('member peer urls not provided')
  const response = await (await session.client()).cluster.update(id, urls, session.timeout)
  session.print('memberUpdate', { response, id })
}

async function list(session: Session, flags: Flags): Promise<void> {
  const consistency = flags.text('consistency')
  if (consistency !== 'l' && consistency !== 's') {
    throw new CtlError('badFeature', `unknown consistency flag ${quote(consistency)}`)
  }
  const options = { linearizable: consistency === 'l', ...session.timeout }
  session.print('memberList', { response: await (await session.client()).cluster.members(options) })
}

const peerUrlsFlag = {
  name: 'peer-urls',
  kind: 'list',
  value: '',
  help: 'peer URLs of the member, separated by commas',
} as const

export const member: Command = {
  name: 'member',
  summary: 'Membership related commands',
  children: [
    {
      name: 'add',
      summary: 'Adds a member into the cluster',
      usage: '<name>',
      examples: ['member add c --peer-urls=http://10.0.0.3:2380 --learner'],
      flags: [peerUrlsFlag, { name: 'learner', kind: 'bool', value: 'false', help: 'without a vote' }],
      run: add,
    },
    {
      name: 'remove',
      summary: 'Removes a member from the cluster',
      usage: '<memberID>',
      run: async (session, args) => {
        const id = oneId(args)
        session.print('memberRemove', {
          response: await (await session.client()).cluster.remove(id, session.timeout),
          id,
        })
      },
    },
    {
      name: 'update',
      summary: 'Updates a member in the cluster',
      usage: '<memberID>',
      flags: [peerUrlsFlag],
      run: update,
    },
    {
      name: 'promote',
      summary: 'Promotes a non-voting member in the cluster',
      usage: '<memberID>',
      run: async (session, args) => {
        const id = oneId(args)
        const response = await (await session.client()).cluster.promote(id, session.timeout)
        session.print('memberPromote', { response, id })
      },
    },
    {
      name: 'list',
      summary: 'Lists all members in the cluster',
      flags: [{ name: 'consistency', kind: 'string', value: 'l', help: 'linearizable (l) or serializable (s)' }],
      run: (session, _args, flags) => list(session, flags),
    },
  ],
}
