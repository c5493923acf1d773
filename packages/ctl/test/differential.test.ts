import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunOptions, run, runInProcess, type Said } from './programs.ts'
import { etcdctlBinary, hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'

if (!hasEtcd) console.warn('kvsctl beside etcdctl: skipped, /usr/bin/etcd and /usr/bin/etcdctl are not installed')

/** One command line for both programs. `LEASE` stands for the id of the lease that was granted last. */
interface Step extends RunOptions {
  readonly args: string
  /** Words with spaces in them, appended. */
  readonly words?: readonly string[]
  /** Brings the output of 3.7 (ours) into the form of the etcdctl that is installed. */
  readonly older?: (out: string) => string
  /** Lines that are left out on both sides. */
  readonly except?: RegExp
  /** Both programs ask the same server, so that raw bytes can be compared. */
  readonly same?: boolean
  /** Whether stderr is compared. */
  readonly err?: boolean
}

const step = (args: string, more: Partial<Step> = {}): Step => ({ args, ...more })

/** What differs from run to run. */
function steady(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/\b\d{15,20}\b/g, 'NUMBER')
    .replace(/\b[0-9a-f]{14,16}\b/g, 'ID')
    .replace(/\b\d+(\.\d+)?(µs|Âµs|ms)/g, 'TIME')
    .replace(/^\{"level":.*\n/gm, '')
    .replace(/"ttl":99\d/g, '"ttl":999')
    .replace(/remaining\(99\ds\)/g, 'remaining(999s)')
    .replace(/"TTL" : 99\d/g, '"TTL" : 999')
    .replace(/\b(\d+ kB|\d{5,6}\b)/g, 'SIZE')
    .replace(/ {2}ID/g, ' ID')
    .replace(/[-+]{20,}/g, 'RULE')
}

/** etcdctl prints its help below what is wrong with a flag; kvsctl names what is wrong and stops. */
const withoutHelp = (out: string): string => (out.startsWith('NAME:') ? '' : out)

/** Columns of 3.7 that 3.4 does not have, by their place. */
const withoutColumns = (columns: readonly number[]) => (out: string) =>
  out
    .split('\n')
    .map(line =>
      line
        .split(', ')
        .filter((_cell, i) => line === '' || !columns.includes(i))
        .join(', '),
    )
    .join('\n')

const withoutLines = (pattern: RegExp) => (out: string) =>
  out
    .split('\n')
    .filter(line => !pattern.test(line))
    .join('\n')

const olderStatus = withoutColumns([3, 5, 6, 7, 14, 15])
const olderStatusFields = withoutLines(/^"(StorageVersion|DBSizeInUse|DBSizeQuota|Downgrade\w+)"/)
const olderTxnJson = (out: string): string =>
  out
    .replaceAll('"response_range"', '"ResponseRange"')
    .replaceAll('"response_put"', '"ResponsePut"')
    .replaceAll('"response_delete_range"', '"ResponseDeleteRange"')
const olderWatchJson = (out: string): string => out.replaceAll(',"CancelReason":""', '')

const txnInput = [
  'ver("a") > "0"',
  'val("a") != "zzz"',
  'mod("a") < "100000"',
  'c("a") > "0"',
  '',
  'put a "two words"',
  "put 'b c' 'd e'",
  'get a',
  'get --prefix b --keys-only',
  'del a --prev-kv',
  '',
  'get a',
  '',
].join('\n')

const scripts: Readonly<Record<string, readonly Step[]>> = {
  'put, get, del in every format': ['simple', 'json', 'fields', 'table'].flatMap(format => [
    step(`put a 1 -w ${format}`, { err: true }),
    step(`put a 2 --prev-kv --write-out=${format}`),
    step(`-w ${format} put`, { words: ['k <&>', 'a "quoted" \\ \t\u0001é\u200b value'] }),
    step(`get a -w ${format}`),
    step(`get --prefix k --hex -w ${format}`, { except: /^"(ClusterID|MemberID|Lease)"/ }),
    step(`get --prefix k -w ${format}`),
    step(`get nothing -w=${format}`),
    step(`del --prefix k --prev-kv -w ${format}`),
    step(`del nothing -w ${format}`),
  ]),
  'options of get': [
    ...['a', 'b', 'c', 'd'].map(key => step(`put ${key} value-${key}`)),
    step('put b again'),
    step('get a c'),
    step('get --prefix='),
    step('get --from-key b'),
    step('get --from-key=true b --limit 2'),
    step('get --prefix=false b'),
    step('get', { words: ['', '--prefix', '--keys-only'] }),
    step('get --prefix a --print-value-only'),
    step('get a z --order descend --sort-by modify'),
    step('get a z --order=ASCEND --sort-by=VERSION --limit=2 -w json'),
    step('get a z --sort-by VALUE --order DESCEND'),
    step('get a z --sort-by CREATE --order DESCEND --consistency=s'),
    step('get b --rev 3'),
    step('get b --rev 5 -w json'),
    step('get a b c d'),
    step('get -- -dash'),
  ],
  'bad command lines': [
    step('get', { err: true }),
    step('get a --prefix --from-key', { err: true }),
    step('get a b --prefix', { err: true }),
    step('get a --order x', { err: true }),
    step('get a --sort-by x', { err: true }),
    step('get a --consistency x', { err: true }),
    step('get a --print-value-only -w json', { err: true }),
    step('get a -w yaml', { err: true }),
    step('get a --limit x'),
    step('get a --bogus'),
    step('get a -z'),
    step('bogus'),
    step('put', { err: true }),
    step('put a', { err: true }),
    step('put a b --lease zz', { err: true }),
    step('put a --ignore-value b', { err: true }),
    step('put a b --lease 77', { err: true }),
    step('put --ignore-value none', { err: true }),
    step('del', { err: true }),
    step('del a b c', { err: true }),
    step('del a --prefix --from-key', { err: true }),
    step('lease grant', { err: true }),
    step('lease grant x', { err: true }),
    step('lease revoke', { err: true }),
    step('lease revoke xyz', { err: true }),
    step('lease revoke 1', { err: true }),
    step('lease timetolive', { err: true }),
    step('lease timetolive 99999999999999999', { err: true }),
    step('lease keep-alive', { err: true }),
    step('lease keep-alive --once 77', { err: true }),
    step('compaction', { err: true }),
    step('compaction x', { err: true }),
    step('compaction 999999', { err: true }),
    step('get a --rev 999999', { err: true }),
    step('member remove', { err: true }),
    step('member remove zz', { err: true }),
    step('member remove 1', { err: true }),
    step('member add', { err: true }),
    step('member add x', { err: true }),
    step('move-leader', { err: true }),
    step('move-leader zz', { err: true }),
    step('move-leader 1', { err: true }),
    step('txn a', { err: true }),
    step('watch', { err: true }),
    step('watch a b --prefix', { err: true }),
    step('watch a --', { err: true }),
    step('alarm list x', { err: true }),
    step('endpoint health --dial-timeout x'),
  ],
  'raw messages': [
    step('put a 1'),
    step('lease grant 1000'),
    step('put b 2 --lease LEASE'),
    ...['get a', 'get --prefix=true b', 'get none', 'lease timetolive LEASE --keys', 'lease list', 'alarm list'].map(
      args => step(`${args} -w protobuf`, { same: true }),
    ),
    step('lease keep-alive --once LEASE -w protobuf', { same: true }),
    step('watch a --rev 2 -w protobuf', { same: true, lines: 0 }),
    step('txn -w protobuf', { same: true, input: '\n\n\n' }),
  ],
  'values from standard input': [
    step('put a', { input: 'from input\n' }),
    step('get a -w fields'),
    step('put a', { input: '\u0000\u0001ÿ binary' }),
    step('get a'),
    step('get a --hex'),
  ],
  leases: ['simple', 'json', 'fields'].flatMap(format => [
    step(`lease grant 1000 -w ${format}`),
    step('lease grant 1000'),
    step('put leased-1 v --lease=LEASE'),
    step('put leased-2 v --lease LEASE'),
    step(`get leased-1 -w ${format === 'json' ? 'simple' : format}`),
    step(`lease timetolive LEASE -w ${format}`),
    step('put leased-1 v'),
    step(`lease timetolive LEASE --keys -w ${format}`),
    step(`lease timetolive 1234 --keys -w ${format}`),
    step(`lease keep-alive --once LEASE -w ${format}`),
    step('put leased-1 w --ignore-lease'),
    step('put leased-2 --ignore-value --lease=0', { err: true }),
    step(`lease revoke LEASE -w ${format}`),
    step('get --prefix leased'),
  ]),
  transactions: ['simple', 'json', 'fields'].flatMap(format => [
    step('put a 1'),
    step(`txn -w ${format}`, { input: txnInput, older: olderTxnJson }),
    step(`txn -w ${format}`, { input: txnInput, older: olderTxnJson }),
    step(`txn --interactive -w ${format}`, { input: '\n\n\n' }),
    step('txn -i --hex=true', { input: '\nput x \\x01\nget x\n\n\n' }),
  ]),
  'bad transactions': [
    step('txn', { input: 'bad\n\n\n\n', err: true }),
    step('txn', { input: 'what("a") = "1"\n\n\n\n', err: true }),
    step('txn', { input: 'mod("a") = "x"\n\n\n\n' }),
    step('txn', { input: '\nbad\n\n\n', err: true }),
    step('txn', { input: '\nbad line\n\n\n' }),
    step('txn', { input: '\nput a b\n', err: true }),
    step('txn', { input: '\nput a 1\nput a 2\n\n\n', err: true }),
  ],
  watching: [
    step('put w 1'),
    step('put w 2'),
    step('del w'),
    step('put wx 3'),
    step('watch w --rev 2', { lines: 9 }),
    step('watch w --rev 2 --prev-kv', { lines: 13 }),
    step('watch --prefix w --rev 2 -w json', { lines: 1, older: olderWatchJson }),
    step('watch --prefix w --rev 2 -w fields --prev-kv', { lines: 40 }),
    step('watch w wz --rev=2', { lines: 12 }),
    step('watch w --rev 2 -- echo event', { lines: 12 }),
    step('watch --rev 2', { env: { ETCDCTL_WATCH_KEY: 'w', ETCDCTL_WATCH_RANGE_END: 'wz' }, lines: 12 }),
    step('watch w', { env: { ETCDCTL_WATCH_KEY: 'w' }, err: true }),
    step('watch', { env: { ETCDCTL_WATCH_RANGE_END: 'w' }, err: true }),
    step('compaction 4'),
    step('watch w --rev 1', { err: true }),
    step('get w --rev 2', { err: true }),
    step('compaction 3', { err: true }),
    step('compaction 5 --physical'),
  ],
  'the cluster': [
    ...['simple', 'json', 'fields', 'table', 'protobuf'].map(format =>
      step(`member list -w ${format}`, { same: true }),
    ),
    step('member list --hex -w fields', { except: /ID"/ }),
    step('endpoint status', { older: olderStatus }),
    step('endpoint status -w fields', { older: olderStatusFields }),
    step('endpoint status -w protobuf', { err: true }),
    step('endpoint status --cluster', { older: olderStatus }),
    step('endpoint hashkv', { older: withoutColumns([2]) }),
    step('endpoint hashkv -w fields --rev 0', { older: withoutLines(/^"HashRevision"/) }),
    step('endpoint hashkv --rev 100', { err: true }),
    step('endpoint health', { older: () => '' }),
    step('endpoint health -w json'),
    step('endpoint health -w fields'),
    step('endpoint health --cluster', { older: () => '' }),
    step('alarm list'),
    step('alarm disarm'),
    step('alarm list -w json'),
    step('alarm list -w table', { err: true }),
    step('defrag', { older: out => out.replace(/\. took .*$/m, '') }),
    step('member add learner --learner --peer-urls http://127.0.0.1:1', {
      older: out => out.replace(' as learner', ''),
      except: /^ETCD_INITIAL_CLUSTER=/,
    }),
    step('member list', { except: /started, default/ }),
  ],
  'users and roles': [
    step('role add r'),
    step('role add r', { err: true }),
    step('role grant-permission r read a'),
    step('role grant-permission r write a z'),
    step('role grant-permission r readwrite p --prefix'),
    step('role grant-permission r read q --from-key'),
    step('role grant-permission r bad q', { err: true }),
    ...['simple', 'json', 'fields'].map(format => step(`role get r -w ${format}`)),
    ...['simple', 'json', 'fields'].map(format => step(`role list -w ${format}`)),
    ...['role get r', 'role list'].map(args => step(`${args} -w protobuf`, { same: true })),
    step('role revoke-permission r a z'),
    step('role revoke-permission r a'),
    step('role revoke-permission r q --from-key'),
    step('role revoke-permission r nothing', { err: true }),
    step('user add u:secret'),
    step('user add u:secret', { err: true }),
    step('user add n --no-password'),
    step('user add p --new-user-password=secret'),
    step('user add i --interactive=false', { input: 'secret\n' }),
    step('user grant-role u r'),
    step('user grant-role u none', { err: true }),
    ...['simple', 'json'].map(format => step(`user get u -w ${format}`)),
    step('user get u --detail'),
    step('user get none', { err: true }),
    ...['simple', 'json'].map(format => step(`user list -w ${format}`)),
    ...['user get u', 'user list'].map(args => step(`${args} -w protobuf`, { same: true })),
    step('user passwd u --interactive=false', { input: 'other\n' }),
    step('user revoke-role u r'),
    step('user delete n'),
    step('user grant-role u r'),
    step('auth enable', { err: true }),
    step('user add root:root'),
    step('auth enable'),
    step('get a', { err: true }),
    step('--user u:wrong get a', { err: true }),
    step('--user u --password other get pa'),
    step('get pa', { env: { ETCDCTL_USER: 'u:other' } }),
    step('--user u:other get a', { err: true }),
    step('--user u:other put pa 1 -w json'),
    step('--user u:other endpoint health', { older: () => '' }),
    step('--user root:root role delete r'),
    step('--user root:root auth disable'),
    step('user list'),
  ],
  'variables of the environment': [
    step('get a', { env: { ETCDCTL_WRITE_OUT: 'json' } }),
    step('get a', { env: { ETCDCTL_HEX: 'true', ETCDCTL_WRITE_OUT: 'fields' }, except: /ID"/ }),
    step('get a', { env: { ETCDCTL_BOGUS: '1' } }),
    step('get a', { env: { ETCDCTL_COMMAND_TIMEOUT: '3s' } }),
  ],
  'no server': [
    step('--endpoints 127.0.0.1:1 --command-timeout 300ms get a', { err: true }),
    step('--endpoints 127.0.0.1:1 --command-timeout=300ms endpoint health', { err: true }),
    step('--endpoints 127.0.0.1:1 --command-timeout=300ms endpoint status', { err: true }),
  ],
}

describe.skipIf(!hasEtcd)('kvsctl prints what etcdctl prints', () => {
  describe.each(Object.entries(scripts))('%s', (_name, steps) => {
    const servers: RealEtcd[] = []
    const leases = ['0', '0']

    beforeAll(async () => {
      servers.push(...(await Promise.all([startEtcd(), startEtcd()])))
    })

    afterAll(async () => {
      await Promise.all(servers.map(server => server.stop()))
    })

    async function runOn(which: 0 | 1, { args, words = [], ...options }: Step): Promise<Said> {
      const given = args
        .split(' ')
        .map(word => word.replace('LEASE', leases[options.same === true ? 0 : which] as string))
      const server = servers[options.same === true ? 0 : which] as RealEtcd
      const endpoints = args.includes('--endpoints') ? [] : ['--endpoints', server.endpoint]
      const all = [...endpoints, ...given.filter(word => word !== ''), ...words]
      const said = await (which === 0 ? run([etcdctlBinary, ...all], options) : runInProcess(all, options))
      leases[which] = /lease ([0-9a-f]{16}) granted/.exec(said.out)?.[1] ?? (leases[which] as string)
      return said
    }

    test.each(steps.map((each, i) => [i + 1, each.args, each] as const))('%s: %s', async (_i, _args, each) => {
      const [theirs, ours] = await Promise.all([runOn(0, each), runOn(1, each)])
      const { older = out => out, except = /^\b$/ } = each
      const kept = withoutLines(except)
      const raw = each.same === true
      expect(raw ? ours.out : steady(kept(older(ours.out)))).toBe(
        raw ? theirs.out : steady(kept(withoutHelp(theirs.out))),
      )
      if (each.lines === undefined) expect(ours.status).toBe(theirs.status)
      if (each.err === true) expect(steady(ours.err)).toBe(steady(theirs.err))
    })
  })
})
