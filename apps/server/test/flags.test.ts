import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Configuration, configure } from '../src/config.ts'
import { describeDurationMs, parseDurationMs } from '../src/flag-values.ts'
import { flags, helpText, parseCommandLine } from '../src/flags.ts'

type Environment = Readonly<Record<string, string>>

const read = (args: readonly string[], environment: Environment = {}): Configuration =>
  configure(parseCommandLine(args), environment)
const embed = (args: readonly string[], environment: Environment = {}) => read(args, environment).embed
/** The error of a command line, one line of text. */
function refused(args: readonly string[], environment: Environment = {}): string {
  try {
    read(args, environment)
  } catch (error) {
    expect((error as Error).name).toBe('UsageError')
    return (error as Error).message
  }
  throw new Error('it was taken')
}

describe('the command line', () => {
  test.each([[['--name=a']], [['-name=a']], [['--name', 'a']], [['-name', 'a']]])('%o', args => {
    expect(embed(args).name).toBe('a')
  })

  test('values may hold signs of equality, be empty, begin with a dash, and come twice', () => {
    expect(embed(['--initial-cluster=a=http://x:1', '--name=a']).initialCluster).toBe('a=http://x:1')
    expect(embed(['--initial-cluster-token=']).initialClusterToken).toBe('')
    expect(embed(['--quota-backend-bytes', '-1']).quotaBackendBytes).toBe(-1)
    expect(embed(['--name=a', '--name=b']).name).toBe('b')
  })

  test('booleans need no value, and take none from the next word', () => {
    expect(embed(['--unsafe-no-fsync']).unsafeNoFsync).toBe(true)
    expect(embed(['--unsafe-no-fsync', '--name=a']).unsafeNoFsync).toBe(true)
    expect(embed(['--unsafe-no-fsync=false']).unsafeNoFsync).toBe(false)
    expect(refused(['--unsafe-no-fsync', 'false'])).toContain("'false'")
  })

  test('lists are cut at commas', () => {
    const urls = '--listen-client-urls=http://a:1, http://b:2'
    const { listenClientUrls } = embed([urls, '--advertise-client-urls=http://a:1'])
    expect(listenClientUrls).toEqual(['http://a:1', 'http://b:2'])
  })

  test('help and version', () => {
    for (const help of ['--help', '-h', '-help']) expect(parseCommandLine([help]).wants).toBe('help')
    expect(parseCommandLine(['--version']).wants).toBe('version')
    expect(parseCommandLine(['--name=x']).wants).toBe('run')
  })

  test.each<[string, readonly string[], string]>([
    ['an unknown flag', ['--nmae=x'], 'flag provided but not defined: -nmae (did you mean --name?)'],
    ['one of another program', ['--zzzzzzzz'], 'flag provided but not defined: -zzzzzzzz'],
    ['a long one with a slip', ['--listen-client-url=x'], '(did you mean --listen-client-urls?)'],
    ['a name of the language', ['--constructor=x'], 'flag provided but not defined: -constructor'],
    ['a word that is no flag', ['serve'], "'serve' is not a valid flag"],
    ['only dashes', ['--'], "'--' is not a valid flag"],
    ['a flag without its value', ['--name'], 'flag needs an argument: -name'],
    ['no number', ['--max-txn-ops=many'], 'invalid value "many" for flag -max-txn-ops: parse error'],
    ['a fraction', ['--max-txn-ops=1.5'], 'invalid value "1.5" for flag -max-txn-ops: parse error'],
    ['no boolean', ['--unsafe-no-fsync=maybe'], 'invalid value "maybe" for flag -unsafe-no-fsync: parse error'],
    ['no duration', ['--backend-batch-interval=100'], 'invalid value "100" for flag -backend-batch-interval'],
    ['no state', ['--initial-cluster-state=old'], 'invalid value "old" for flag -initial-cluster-state'],
    ['listening without advertising', ['--listen-client-urls=http://a:1'], '--advertise-client-urls is required'],
    ['no level', ['--log-level=constructor'], 'invalid value "constructor" for flag -log-level: must be one of debug,'],
    ['no format', ['--log-format=text'], 'invalid value "text" for flag -log-format: must be one of json, console'],
    ['less than nothing', ['--max-wals=-1'], 'invalid value "-1" for flag -max-wals: parse error'],
    [
      'too many streams',
      ['--max-concurrent-streams=4294967296'],
      'for flag -max-concurrent-streams: value out of range',
    ],
    ['no mode', ['--auto-compaction-mode='], 'undefined auto-compaction-mode'],
    ['another mode', ['--auto-compaction-mode=x'], 'unknown auto-compaction-mode "x"'],
    [
      'no retention',
      ['--auto-compaction-retention=abc'],
      'error parsing CompactionRetention: time: invalid duration "abc"',
    ],
    [
      'a negative one',
      ['--auto-compaction-retention=-5'],
      'error parsing CompactionRetention: time: invalid duration "-5"',
    ],
    [
      'a time as a number of revisions',
      ['--auto-compaction-mode=revision', '--auto-compaction-retention=1h'],
      'error parsing CompactionRetention: "1h" is no number of revisions',
    ],
    ['no detail', ['--metrics=all'], 'invalid value "all" for flag -metrics: must be one of basic, extensive'],
    [
      'the default output and another',
      ['--log-outputs=default,stderr'],
      'multi logoutput for "default" is not supported yet',
    ],
    ['the journal', ['--log-outputs=systemd/journal'], 'needs a kind of socket that Node.js does not have'],
    ['an origin without its port', ['--cors=http://a'], 'URL address does not have the form "host:port": http://a'],
    ['an origin that is none', ['--cors=*,http://a:1'], 'URL scheme must be http or https: *'],
    ['an origin with a path', ['--cors=http://a:1/b'], 'URL must not contain a path: http://a:1/b'],
    ['no such config file', ['--config-file=/nonexistent/x.yml'], "config file '/nonexistent/x.yml': ENOENT"],
  ])('%s is refused in one line', (_what, args, wanted) => {
    const message = refused(args)
    expect(message).toContain(wanted)
    expect(message).not.toContain('\n')
  })
})

describe('defaults', () => {
  test('are etcd’s', () => {
    const anyTls = {
      ...{ certFile: '', keyFile: '', clientCertAuth: false, trustedCaFile: '', crlFile: '', auto: false },
      ...{ allowedHostnames: [], selfSignedValidityYears: 1, cipherSuites: [], minVersion: 'TLS1.2', maxVersion: '' },
    }
    const { embed: options, warnings, logLevel, logFormat, logOutputs } = read([])
    expect(warnings).toEqual([])
    expect([logLevel, logFormat, logOutputs]).toEqual(['info', '', ['default']])
    expect(options).toEqual({
      name: 'default',
      dataDir: 'default.etcd',
      initialCluster: 'default=http://localhost:2380',
      initialClusterToken: 'etcd-cluster',
      initialClusterState: 'new',
      initialAdvertisePeerUrls: ['http://localhost:2380'],
      advertiseClientUrls: ['http://localhost:2379'],
      listenClientUrls: ['http://localhost:2379'],
      listenPeerUrls: ['http://localhost:2380'],
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      maxRequestBytes: 1_572_864,
      maxTxnOps: 128,
      quotaBackendBytes: 0,
      backendBatchIntervalMs: 100,
      backendBatchLimit: 10_000,
      walDir: '',
      snapshotCount: 10_000,
      maxWals: 5,
      maxConcurrentStreams: 4_294_967_295,
      grpcKeepaliveMinTimeMs: 5000,
      grpcKeepaliveIntervalMs: 7_200_000,
      grpcKeepaliveTimeoutMs: 20_000,
      clientTls: anyTls,
      peerTls: { ...anyTls, allowedCommonNames: [], skipClientSanVerification: false },
      authToken: 'simple',
      authTokenTtlMs: 300_000,
      bcryptCost: 10,
      autoCompactionMode: 'periodic',
      autoCompactionRetention: 0,
      compactionBatchLimit: 1000,
      compactionSleepIntervalMs: 10,
      warningApplyDurationMs: 100,
      warningUnaryRequestDurationMs: 300,
      listenMetricsUrls: [],
      metrics: 'basic',
      preVote: true,
      enableGrpcGateway: true,
      cors: ['*'],
      hostWhitelist: ['*'],
      watchProgressNotifyIntervalMs: 600_000,
      unsafeNoFsync: false,
    })
  })

  test.each<[readonly string[], Partial<Configuration['embed']>]>([
    [
      ['--auth-token=', '--auth-token-ttl=5', '--bcrypt-cost=4'],
      { authToken: '', authTokenTtlMs: 5000, bcryptCost: 4 },
    ],
    [['--auto-compaction-retention=3'], { autoCompactionMode: 'periodic', autoCompactionRetention: 3 * 3_600_000 }],
    [['--auto-compaction-retention=90m'], { autoCompactionMode: 'periodic', autoCompactionRetention: 5_400_000 }],
    [
      ['--auto-compaction-mode=revision', '--auto-compaction-retention=1000'],
      { autoCompactionMode: 'revision', autoCompactionRetention: 1000 },
    ],
    [['--snapshot-count=0', '--compaction-batch-limit=0'], { snapshotCount: 10_000, compactionBatchLimit: 1000 }],
    [['--compaction-sleep-interval=1ms', '--max-wals=0'], { compactionSleepIntervalMs: 1, maxWals: 0 }],
    [['--max-concurrent-streams=0'], { maxConcurrentStreams: 4_294_967_295 }],
    [['--max-concurrent-streams=3'], { maxConcurrentStreams: 3 }],
    [
      ['--grpc-keepalive-min-time=1m', '--grpc-keepalive-timeout=3s'],
      { grpcKeepaliveMinTimeMs: 60_000, grpcKeepaliveTimeoutMs: 3000 },
    ],
    [
      ['--warning-unary-request-duration=1us', '--warning-apply-duration=0'],
      { warningUnaryRequestDurationMs: 0.001, warningApplyDurationMs: 0 },
    ],
    [['--metrics=extensive', '--pre-vote=false'], { metrics: 'extensive', preVote: false }],
    [['--listen-metrics-urls=http://a:1,http://b:2'], { listenMetricsUrls: ['http://a:1', 'http://b:2'] }],
    [['--wal-dir=/w'], { walDir: '/w' }],
    [['--enable-grpc-gateway=false'], { enableGrpcGateway: false }],
    [['--cors=http://a:1,https://b:2'], { cors: ['http://a:1', 'https://b:2'] }],
    [['--cors=', '--host-whitelist='], { cors: [], hostWhitelist: [] }],
    [['--host-whitelist=a,localhost'], { hostWhitelist: ['a', 'localhost'] }],
    [
      ['--cert-file=c', '--key-file=k', '--trusted-ca-file=t', '--client-cert-auth', '--client-crl-file=l'],
      {
        clientTls: expect.objectContaining({
          ...{ certFile: 'c', keyFile: 'k', trustedCaFile: 't', clientCertAuth: true, crlFile: 'l' },
        }),
      },
    ],
    [
      ['--peer-auto-tls', '--peer-cert-allowed-cn=a,b', '--tls-min-version=TLS1.3', '--self-signed-cert-validity=3'],
      {
        peerTls: expect.objectContaining({
          ...{ auto: true, allowedCommonNames: ['a', 'b'], minVersion: 'TLS1.3', selfSignedValidityYears: 3 },
        }),
      },
    ],
  ])('%o says what it says', (args, options) => {
    expect(embed(args)).toMatchObject(options)
  })

  test('log lines go where they are told, once', () => {
    expect(read(['--log-outputs=stdout,/tmp/x,stdout']).logOutputs).toEqual(['stdout', '/tmp/x'])
    expect(read(['--log-outputs=']).logOutputs).toEqual(['default'])
  })

  test('follow the name and the peer URLs', () => {
    const options = embed(['--name=m1', '--initial-advertise-peer-urls=http://a:1,http://b:2'])
    expect([options.dataDir, options.initialCluster]).toEqual(['m1.etcd', 'm1=http://a:1,m1=http://b:2'])
  })
})

describe('the environment', () => {
  test('counts where the command line says nothing, with a warning where it does', () => {
    const { embed: options, warnings } = read(['--name=line'], { ETCD_NAME: 'env', ETCD_MAX_TXN_OPS: '7' })
    expect([options.name, options.maxTxnOps]).toEqual(['line', 7])
    expect(warnings).toEqual(['recognized environment variable ETCD_NAME, but unused: shadowed by corresponding flag'])
  })

  test('variables that no flag has are named, others are not looked at', () => {
    const environment = {
      ETCD_NMAE: 'x',
      ETCD_VERSION: '3',
      ETCD_UNSUPPORTED_ARCH: 'arm',
      ETCD_DATA_DIR: '',
      HOME: '/',
    }
    const { embed: options, warnings } = read([], environment)
    expect(warnings).toEqual(['unrecognized environment variable ETCD_NMAE=x'])
    expect(options.dataDir).toBe('default.etcd')
  })

  test('a bad value names its variable', () => {
    expect(refused([], { ETCD_MAX_TXN_OPS: 'x' })).toBe(
      'invalid value "x" for environment variable ETCD_MAX_TXN_OPS: parse error',
    )
  })

  test('every flag has a variable', () => {
    for (const [name, { kind }] of Object.entries(flags)) {
      const words: Readonly<Record<string, string>> = {
        'log-level': 'debug',
        'log-format': 'json',
        metrics: 'extensive',
        'auto-compaction-mode': 'revision',
        'auto-compaction-retention': '5',
      }
      const value =
        words[name] ??
        { text: 'new', boolean: 'true', integer: '5000', count: '5', durationMs: '5s', list: 'http://a:1' }[kind]
      const variable = `ETCD_${name.toUpperCase().replaceAll('-', '_')}`
      const { warnings } = read(['--advertise-client-urls=http://a:1'], { [variable]: value })
      expect(warnings.filter(warning => warning.includes('unrecognized'))).toEqual([])
    }
  })
})

describe('a config file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvs-config-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function file(text: string): string {
    const path = join(folder, 'kvs.yml')
    writeFileSync(path, text)
    return path
  }

  test('replaces flags and environment', () => {
    const path = file('name: m1\nmax-txn-ops: 9\nunsafe-no-fsync: true\ndata-dir:\nbackend-batch-interval: 50ms\n')
    const options = embed([`--config-file=${path}`, '--name=line'], { ETCD_MAX_TXN_OPS: '7' })
    expect(options).toMatchObject({ name: 'm1', maxTxnOps: 9, unsafeNoFsync: true, dataDir: 'm1.etcd' })
    expect(options.backendBatchIntervalMs).toBe(50)
    expect(embed([], { ETCD_CONFIG_FILE: path }).name).toBe('m1')
  })

  test('lists are text or lists, durations text or nanoseconds', () => {
    const urls = 'advertise-client-urls: [http://a:1, http://b:2]\nlisten-client-urls: http://a:1,http://b:2\n'
    const options = embed([`--config-file=${file(`${urls}watch-progress-notify-interval: 2000000000\n`)}`])
    expect(options.advertiseClientUrls).toEqual(options.listenClientUrls)
    expect(options.watchProgressNotifyIntervalMs).toBe(2000)
  })

  test.each([
    ['nmae: x', 'flag provided but not defined: -nmae (did you mean --name?)'],
    ['max-txn-ops: x', 'invalid value "x" for key max-txn-ops of config file'],
    ['- a', 'expected keys and values'],
    ['', 'expected keys and values'],
    ['name: "x', 'Missing closing "quote'],
  ])('%j is refused', (text, wanted) => {
    expect(refused([`--config-file=${file(text)}`])).toContain(wanted)
  })
})

test('durations as Go writes them', () => {
  const values = ['0', '250ms', '1h30m', '1.5s', '2us', '3µs', '4ns'].map(parseDurationMs)
  expect(values).toEqual([0, 250, 5_400_000, 1500, 0.002, 0.003, 0.000004])
  for (const bad of ['', '5', 'ms', '5 s', '5sx', '1..5s', '-5s x']) expect(() => parseDurationMs(bad)).toThrow()
})

test('durations in the help', () => {
  const shown = [0, 10, 300, 5000, 20_000, 90_000, 7_200_000].map(describeDurationMs)
  expect(shown).toEqual(['0s', '10ms', '300ms', '5s', '20s', '90s', '2h'])
})

test('the help names every flag with its default', () => {
  const text = helpText()
  for (const name of Object.keys(flags)) expect(text).toContain(`  --${name} '`)
  expect(text).toContain("--listen-client-urls 'http://localhost:2379'")
  expect(text).toContain("--grpc-keepalive-interval '2h'")
})
