import { parseFeatureGates } from '@kvs/server/embed'
import { describe, expect, test } from 'vitest'
import { unsupportedArchitecture } from '../src/architecture.ts'
import { type Configuration, configure } from '../src/config.ts'
import { defaultInterface } from '../src/default-host.ts'
import { flags } from '../src/flag-table.ts'
import { describeDurationMs, parseDurationMs } from '../src/flag-values.ts'
import { helpText, parseCommandLine } from '../src/flags.ts'
import { around, sampleOf } from './flag-samples.ts'

type Environment = Readonly<Record<string, string>>

/** On a machine that others find at 10.0.0.9. */
const read = (args: readonly string[], environment: Environment = {}): Configuration =>
  configure(parseCommandLine(args), environment, () => '10.0.0.9')
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
    expect(refused(['--unsafe-no-fsync', 'false'])).toContain('"false"')
  })

  test('lists are cut at commas', () => {
    const urls = '--listen-client-urls=http://127.0.0.1:1, http://[::1]:2,http://127.0.0.1:1'
    const { listenClientUrls } = embed([urls, '--advertise-client-urls=http://a:1'])
    expect(listenClientUrls).toEqual(['http://127.0.0.1:1', 'http://[::1]:2'])
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
    ['a word that is no flag', ['serve'], '"serve" is not a valid flag'],
    ['only dashes', ['--'], '"--" is not a valid flag'],
    ['a flag without its value', ['--name'], 'flag needs an argument: -name'],
    ['no number', ['--max-txn-ops=many'], 'invalid value "many" for flag -max-txn-ops: parse error'],
    ['a fraction', ['--max-txn-ops=1.5'], 'invalid value "1.5" for flag -max-txn-ops: parse error'],
    ['no boolean', ['--unsafe-no-fsync=maybe'], 'invalid value "maybe" for flag -unsafe-no-fsync: parse error'],
    ['no duration', ['--backend-batch-interval=100'], 'invalid value "100" for flag -backend-batch-interval'],
    ['no state', ['--initial-cluster-state=old'], 'invalid value "old" for flag -initial-cluster-state'],
    ['listening without advertising', ['--listen-client-urls=http://[::]:1'], '--advertise-client-urls is required'],
    [
      'a state that is none',
      ['--v2-deprecation=not-yet'],
      'invalid value "not-yet" for flag -v2-deprecation: invalid value "not-yet"',
    ],
    ['a name to listen on', ['--listen-peer-urls=http://a:1'], 'expected IP in URL for binding (http://a:1)'],
    [
      'another scheme',
      ['--listen-client-urls=ftp://127.0.0.1:1'],
      'for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: ftp://127.0.0.1:1',
    ],
    [
      'a URL with a path',
      ['--listen-metrics-urls=http://127.0.0.1:1/x'],
      'URL must not contain a path: http://127.0.0.1:1/x',
    ],
    ['no port', ['--advertise-client-urls=http://a'], 'URL address does not have the form "host:port": http://a'],
    [
      'nobody to advertise',
      ['--initial-advertise-peer-urls=http://:1'],
      '--initial-advertise-peer-urls "http://:1" must be "host:port" (unexpected empty host (http://:1))',
    ],
    [
      'two ways to found a cluster',
      ['--initial-cluster=a=http://a:1', '--discovery-srv=example.org'],
      'multiple discovery or bootstrap flags are set. Choose one of "initial-cluster", "discovery",',
    ],
    ['half of discovery', ['--discovery-token=x'], 'both --discovery-token and --discovery-endpoints must be set'],
    ['the old proxy', ['--discovery-fallback=proxy'], 'v2 proxy is deprecated, and --discovery-fallback'],
    [
      'a flag that is gone',
      ['--enable-v2=true'],
      'flag provided but not defined: -enable-v2 (the v2 API is gone since 3.6)',
    ],
    ['one that has another name', ['--experimental-max-learners=2'], '-experimental-max-learners (use --max-learners)'],
    ['a key of files only', ['--client-cert-allowed-cn=a'], 'flag provided but not defined: -client-cert-allowed-cn'],
    [
      'versions the wrong way round',
      ['--tls-min-version=TLS1.3', '--tls-max-version=TLS1.2'],
      'min version (TLS1.3) is',
    ],
    ['a version of long ago', ['--tls-min-version=TLS1.1'], 'unexpected TLS version "TLS1.1"'],
    [
      'cipher suites nobody may choose',
      ['--tls-min-version=TLS1.3', '--cipher-suites=TLS_AES_128_GCM_SHA256'],
      'cipher suites cannot be configured when only TLS1.3 is enabled',
    ],
    [
      'names and hosts',
      ['--peer-cert-allowed-cn=a', '--peer-cert-allowed-hostname=b'],
      'AllowedCN and AllowedHostname are mutually exclusive',
    ],
    ['no gate', ['--feature-gates=Nope=true'], 'for flag -feature-gates: unrecognized feature gate: Nope'],
    ['a gate without its state', ['--feature-gates=LeaseCheckpoint'], 'missing bool value for LeaseCheckpoint'],
    ['a gate half open', ['--feature-gates=AllAlpha=ajar'], 'invalid value of AllAlpha=ajar, err: strconv.ParseBool'],
    [
      'more samples than calls',
      ['--enable-distributed-tracing', '--distributed-tracing-sampling-rate=1000001'],
      'distributed tracing configurition is not valid: (tracing sampling rate must be less than 1000000, got 1000001)',
    ],
    ['another logger', ['--logger=capnslog'], 'unknown logger option "capnslog"'],
    ['rotation of no file', ['--enable-log-rotation'], '--log-outputs requires a single file path'],
    [
      'rotation that cannot be read',
      ['--enable-log-rotation', '--log-outputs=/x', '--log-rotation-config-json={'],
      'improperly formatted log rotation config: ',
    ],
    [
      'rotation of another kind',
      ['--enable-log-rotation', '--log-outputs=/x', '--log-rotation-config-json={"maxsize":"1"}'],
      'invalid log rotation config: maxsize must be a number',
    ],
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
    const { embed: options, warnings, infos, logLevel, logFormat, logOutputs, logRotation } = read([])
    expect(warnings).toEqual([expect.stringMatching(/^it isn't recommended to use default name/)])
    expect([infos, logLevel, logFormat, logOutputs, logRotation]).toEqual([[], 'info', '', ['default'], undefined])
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
      clientTls: { ...anyTls, allowedCommonNames: [] },
      peerTls: {
        ...{ ...anyTls, allowedCommonNames: [], skipClientSanVerification: false },
        ...{ clientCertFile: '', clientKeyFile: '' },
      },
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
      listenClientHttpUrls: [],
      socketReusePort: false,
      enableGrpcReflection: false,
      enablePprof: false,
      tracing: undefined,
      snapshotCatchupEntries: 5000,
      bootstrapDefragThresholdMegabytes: 0,
      featureGates: parseFeatureGates(''),
      initialElectionTickAdvance: true,
      strictReconfigCheck: true,
      maxLearners: 1,
      forceNewCluster: false,
      corruptCheckTimeMs: 0,
      compactHashCheckTimeMs: 60_000,
      downgradeCheckTimeMs: 5000,
      raftReadTimeoutMs: 5000,
      raftWriteTimeoutMs: 5000,
      discovery: undefined,
      discoverySrv: '',
      discoverySrvName: '',
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
    [
      ['--listen-metrics-urls=http://127.0.0.1:1,http://[::]:2'],
      { listenMetricsUrls: ['http://127.0.0.1:1', 'http://[::]:2'] },
    ],
    [
      ['--listen-client-http-urls=http://127.0.0.1:1', '--socket-reuse-port', '--enable-grpc-reflection'],
      { listenClientHttpUrls: ['http://127.0.0.1:1'], socketReusePort: true, enableGrpcReflection: true },
    ],
    [
      ['--discovery-endpoints=a:1,b:2', '--discovery-token=t', '--discovery-dial-timeout=1s', '--discovery-user=u:p'],
      {
        initialCluster: '',
        discovery: {
          ...{ endpoints: ['a:1', 'b:2'], token: 't', dialTimeoutMs: 1000, requestTimeoutMs: 5000, user: 'u:p' },
          ...{ keepaliveTimeMs: 2000, keepaliveTimeoutMs: 6000, password: '' },
          ...{ insecureTransport: true, insecureSkipTlsVerify: false, certFile: '', keyFile: '', caFile: '' },
        },
      },
    ],
    [
      ['--discovery-srv=a.org', '--discovery-srv-name=n'],
      { initialCluster: '', discoverySrv: 'a.org', discoverySrvName: 'n' },
    ],
    [
      [
        '--force-new-cluster',
        '--max-learners=3',
        '--strict-reconfig-check=false',
        '--initial-election-tick-advance=false',
      ],
      { forceNewCluster: true, maxLearners: 3, strictReconfigCheck: false, initialElectionTickAdvance: false },
    ],
    [
      ['--corrupt-check-time=1h', '--compact-hash-check-time=2m', '--downgrade-check-time=1s'],
      { corruptCheckTimeMs: 3_600_000, compactHashCheckTimeMs: 120_000, downgradeCheckTimeMs: 1000 },
    ],
    [['--raft-read-timeout=1s', '--raft-write-timeout=10s'], { raftReadTimeoutMs: 5000, raftWriteTimeoutMs: 10_000 }],
    [
      ['--snapshot-catchup-entries=7', '--bootstrap-defrag-threshold-megabytes=9'],
      { snapshotCatchupEntries: 7, bootstrapDefragThresholdMegabytes: 9 },
    ],
    [
      ['--feature-gates=AllAlpha=true,LeaseCheckpoint=false,LeaseCheckpointPersist=false'],
      { featureGates: expect.objectContaining({ PriorityRequest: true, LeaseCheckpoint: false }) },
    ],
    [['--enable-pprof'], { enablePprof: true }],
    [
      ['--enable-distributed-tracing', '--distributed-tracing-instance-id=i', '--distributed-tracing-sampling-rate=5'],
      { tracing: { address: 'localhost:4317', serviceName: 'etcd', instanceId: 'i', samplesPerMillion: 5 } },
    ],
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

  test('files that are full are given up as told', () => {
    const config = '--log-rotation-config-json={"maxsize":2,"maxage":3,"MaxBackups":4,"localtime":true,"compress":true}'
    const { logRotation } = read(['--enable-log-rotation', '--log-outputs=/x,stderr', config])
    expect(logRotation).toEqual({
      ...{ maxBytes: 2 * 1024 * 1024, maxAgeMs: 3 * 86_400_000, maxBackups: 4, usesLocalTime: true, compresses: true },
    })
    const plain = read(['--enable-log-rotation', '--log-outputs=/x']).logRotation
    expect(plain).toMatchObject({ maxBytes: 100 * 1024 * 1024, maxAgeMs: 0, maxBackups: 0, compresses: false })
  })

  test('who listens everywhere and says nothing is found at the host of the default route', () => {
    const everywhere = ['--listen-peer-urls=http://0.0.0.0:7', '--listen-client-urls=http://0.0.0.0:8']
    const untouched = read([...everywhere, '--advertise-client-urls=http://localhost:2379'])
    expect(untouched.embed).toMatchObject({
      initialAdvertisePeerUrls: ['http://10.0.0.9:7'],
      advertiseClientUrls: ['http://10.0.0.9:8'],
      initialCluster: 'default=http://10.0.0.9:7',
    })
    expect(untouched.infos).toEqual(['detected default host for advertise: 10.0.0.9'])
    const told = embed([
      ...everywhere,
      '--advertise-client-urls=http://a:8',
      '--initial-advertise-peer-urls=http://a:7',
    ])
    expect([told.initialAdvertisePeerUrls, told.advertiseClientUrls]).toEqual([['http://a:7'], ['http://a:8']])
  })

  test('the default route is that without destination and mask', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n'
    const routes =
      'eth1\t00000000\t01\t3\t0\t0\t200\t00000000\t0\t0\t0\nlo\t0000FEA9\t0\t1\t0\t0\t0\t0000FFFF\t0\t0\t0\n'
    expect(defaultInterface(`${head}${routes}eth0\t00000000\t01\t3\t0\t0\t100\t00000000\t0\t0\t0\n`)).toBe('eth0')
    expect(defaultInterface(head)).toBeUndefined()
  })

  test('flags of long ago, and those that will go, are told of', () => {
    const { warnings } = read(['--v', '--force=1', '--max-snapshots=3', '--v2-deprecation=gone', '--name=a'])
    expect(warnings).toEqual([
      'flag "-v" is no longer supported - ignoring.',
      'flag "-force" is no longer supported - ignoring.',
      '--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.',
      '--v2-deprecation is deprecated and scheduled for removal in v3.8. The default value is enforced, ignoring user input.',
    ])
  })

  test('what does not do what one may think is told of', () => {
    const { warnings } = read([
      '--name=a',
      '--memory-mlock',
      '--client-cert-file=a.pem',
      '--client-key-file=a.key',
      '--backend-bbolt-freelist-type=array',
      '--raft-read-timeout=1s',
      '--feature-gates=LeaseCheckpoint=true',
    ])
    expect(warnings).toEqual([
      '--memory-mlock has no effect: Node.js cannot lock memory',
      '--client-cert-file has no effect: the gateway calls within the process, not over a port that asks for certificates',
      '--client-key-file has no effect: the gateway calls within the process, not over a port that asks for certificates',
      '--backend-bbolt-freelist-type has no effect: the state file has no such list',
      expect.stringMatching(/^Detected that checkpointing is enabled without persistence/),
      'raft-read-timeout increased to minimum value: 5s',
    ])
  })

  test('only processors etcd is proven on, unless asked', () => {
    expect(unsupportedArchitecture('x64', undefined)).toBeUndefined()
    expect(unsupportedArchitecture('riscv64', undefined)).toContain('ETCD_UNSUPPORTED_ARCH=riscv64')
    expect(unsupportedArchitecture('riscv64', 'riscv64')).toBeUndefined()
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
    expect(refused(['--name=a'], { ETCD_MAX_TXN_OPS: 'x' })).toContain('ETCD_MAX_TXN_OPS')
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
    expect(warnings[0]).toBe('unrecognized environment variable ETCD_NMAE=x')
    expect(warnings).toHaveLength(2)
    expect(options.dataDir).toBe('default.etcd')
  })

  test('a bad value names its variable', () => {
    expect(refused([], { ETCD_MAX_TXN_OPS: 'x' })).toBe('invalid value "x" for ETCD_MAX_TXN_OPS: parse error')
  })

  test('every flag has a variable', () => {
    for (const [name, { isFileOnly }] of Object.entries(flags)) {
      if (isFileOnly === true) continue
      const { warnings } = read(around(name), { [`ETCD_${name.toUpperCase().replaceAll('-', '_')}`]: sampleOf(name) })
      expect(warnings.filter(warning => warning.includes('unrecognized'))).toEqual([])
    }
  })
})

test('every flag of the command line is taken', () => {
  for (const [name, { isFileOnly }] of Object.entries(flags)) {
    if (isFileOnly !== true) read([...around(name), `--${name}=${sampleOf(name)}`])
  }
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
  for (const [name, { isFileOnly }] of Object.entries(flags)) {
    expect(text.includes(`  --${name} '`)).toBe(isFileOnly !== true)
  }
  expect(text).toContain("--listen-client-urls 'http://localhost:2379'")
  expect(text).toContain("--grpc-keepalive-interval '2h'")
})
