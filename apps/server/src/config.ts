import { readFileSync } from 'node:fs'
import type { EmbedOptions, ListenTls } from '@kvs/server/embed'
import { parse as parseYaml } from 'yaml'
import { type FlagValue, parseDurationMs, UsageError } from './flag-values.ts'
import { type CommandLine, flags, flagValue, unknownFlag } from './flags.ts'
import { logFormats, logLevels } from './logger.ts'

/** The configuration of the program, and what should be said about where it came from. */
export interface Configuration {
  readonly embed: EmbedOptions
  readonly logLevel: string
  readonly logFormat: string
  readonly logOutputs: readonly string[]
  readonly warnings: readonly string[]
}

type Values = ReadonlyMap<string, FlagValue>

/**
 * Command line over environment over defaults; a config file replaces both. Throws `UsageError`.
 */
export function configure(line: CommandLine, environment: Readonly<Record<string, string | undefined>>): Configuration {
  const configFile = line.configFile ?? environment['ETCD_CONFIG_FILE']
  const warnings: string[] = []
  const values = configFile === undefined ? fromOutside(line, environment, warnings) : fromFile(configFile)
  return { ...assemble(values), warnings }
}

function fromOutside(
  line: CommandLine,
  environment: Readonly<Record<string, string | undefined>>,
  warnings: string[],
): Values {
  const values = new Map<string, FlagValue>()
  const names = new Map(Object.keys(flags).map(name => [variableOf(name), name]))
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('ETCD_') || value === undefined || value === '') continue
    const name = names.get(variable)
    if (name === undefined) {
      if (variable !== 'ETCD_UNSUPPORTED_ARCH' && variable !== 'ETCD_VERSION') {
        warnings.push(`unrecognized environment variable ${variable}=${value}`)
      }
    } else if (line.values.has(name)) {
      warnings.push(`recognized environment variable ${variable}, but unused: shadowed by corresponding flag`)
    } else values.set(name, flagValue(name, value, `environment variable ${variable}`))
  }
  for (const [name, value] of line.values) values.set(name, flagValue(name, value, `flag -${name}`))
  return values
}

const variableOf = (name: string): string => `ETCD_${name.toUpperCase().replaceAll('-', '_')}`

function fromFile(path: string): Values {
  let document: unknown
  try {
    document = parseYaml(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`config file '${path}': ${(error as Error).message}`)
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new UsageError(`config file '${path}': expected keys and values`)
  }
  const values = new Map<string, FlagValue>()
  for (const [name, value] of Object.entries(document)) {
    if (!Object.hasOwn(flags, name)) throw unknownFlag(name)
    if (value === null) continue
    const text = Array.isArray(value) ? value.join(',') : String(value)
    const isDuration = flags[name]?.kind === 'durationMs' && typeof value === 'number'
    values.set(name, flagValue(name, isDuration ? `${text}ns` : text, `key ${name} of config file '${path}'`))
  }
  return values
}

function oneOf(name: string, words: readonly string[], text: (name: string) => string): string {
  const word = text(name)
  if (words.includes(word)) return word
  throw new UsageError(`invalid value "${word}" for flag -${name}: must be one of ${words.filter(Boolean).join(', ')}`)
}

function assemble(values: Values): Omit<Configuration, 'warnings'> {
  const value = (name: string): FlagValue => values.get(name) ?? (flags[name] as { fallback: FlagValue }).fallback
  const text = (name: string): string => value(name) as string
  const number = (name: string): number => value(name) as number
  const list = (name: string): readonly string[] => value(name) as readonly string[]
  const name = text('name')
  const state = text('initial-cluster-state')
  if (state !== 'new' && state !== 'existing') {
    throw new UsageError(`invalid value "${state}" for flag -initial-cluster-state: invalid value "${state}"`)
  }
  if (values.has('listen-client-urls') && !values.has('advertise-client-urls')) {
    throw new UsageError('--advertise-client-urls is required when --listen-client-urls is set explicitly')
  }
  const peerUrls = list('initial-advertise-peer-urls')
  const metrics = text('metrics')
  if (metrics !== 'basic' && metrics !== 'extensive') {
    throw new UsageError(`invalid value "${metrics}" for flag -metrics: must be one of basic, extensive`)
  }
  const embed: EmbedOptions = {
    name,
    dataDir: text('data-dir') || `${name}.etcd`,
    initialCluster: text('initial-cluster') || peerUrls.map(url => `${name}=${url}`).join(','),
    initialClusterToken: text('initial-cluster-token'),
    initialClusterState: state,
    initialAdvertisePeerUrls: peerUrls,
    advertiseClientUrls: list('advertise-client-urls'),
    listenClientUrls: list('listen-client-urls'),
    listenPeerUrls: list('listen-peer-urls'),
    heartbeatIntervalMs: number('heartbeat-interval'),
    electionTimeoutMs: number('election-timeout'),
    maxRequestBytes: number('max-request-bytes'),
    maxTxnOps: number('max-txn-ops'),
    quotaBackendBytes: number('quota-backend-bytes'),
    backendBatchIntervalMs: number('backend-batch-interval') || 100,
    backendBatchLimit: number('backend-batch-limit') || 10_000,
    walDir: text('wal-dir'),
    snapshotCount: number('snapshot-count') || 10_000,
    maxWals: number('max-wals'),
    maxConcurrentStreams: streams(number('max-concurrent-streams')),
    grpcKeepaliveMinTimeMs: number('grpc-keepalive-min-time'),
    grpcKeepaliveIntervalMs: number('grpc-keepalive-interval'),
    grpcKeepaliveTimeoutMs: number('grpc-keepalive-timeout'),
    clientTls: clientTls(value),
    peerTls: peerTls(value),
    authToken: text('auth-token'),
    authTokenTtlMs: number('auth-token-ttl') * 1000,
    bcryptCost: number('bcrypt-cost'),
    ...autoCompaction(text('auto-compaction-mode'), text('auto-compaction-retention')),
    compactionBatchLimit: number('compaction-batch-limit') || 1000,
    compactionSleepIntervalMs: number('compaction-sleep-interval') || 10,
    warningApplyDurationMs: number('warning-apply-duration'),
    warningUnaryRequestDurationMs: number('warning-unary-request-duration'),
    listenMetricsUrls: list('listen-metrics-urls'),
    metrics,
    preVote: value('pre-vote') as boolean,
    enableGrpcGateway: value('enable-grpc-gateway') as boolean,
    cors: origins(list('cors')),
    hostWhitelist: list('host-whitelist'),
    watchProgressNotifyIntervalMs: number('watch-progress-notify-interval') || 600_000,
    unsafeNoFsync: value('unsafe-no-fsync') as boolean,
  }
  return {
    embed,
    logLevel: oneOf('log-level', logLevels, text),
    logFormat: oneOf('log-format', logFormats, text),
    logOutputs: logOutputsOf(list('log-outputs')),
  }
}

/** What both kinds of ports share. */
function anyTls(value: (name: string) => FlagValue): ListenTls {
  return {
    selfSignedValidityYears: value('self-signed-cert-validity') as number,
    cipherSuites: value('cipher-suites') as readonly string[],
    minVersion: value('tls-min-version') as string,
    maxVersion: value('tls-max-version') as string,
  }
}

function clientTls(value: (name: string) => FlagValue): ListenTls {
  return {
    ...anyTls(value),
    certFile: value('cert-file') as string,
    keyFile: value('key-file') as string,
    clientCertAuth: value('client-cert-auth') as boolean,
    trustedCaFile: value('trusted-ca-file') as string,
    crlFile: value('client-crl-file') as string,
    allowedHostnames: value('client-cert-allowed-hostname') as readonly string[],
    auto: value('auto-tls') as boolean,
  }
}

function peerTls(value: (name: string) => FlagValue): ListenTls {
  return {
    ...anyTls(value),
    certFile: value('peer-cert-file') as string,
    keyFile: value('peer-key-file') as string,
    clientCertAuth: value('peer-client-cert-auth') as boolean,
    trustedCaFile: value('peer-trusted-ca-file') as string,
    crlFile: value('peer-crl-file') as string,
    allowedCommonNames: value('peer-cert-allowed-cn') as readonly string[],
    allowedHostnames: value('peer-cert-allowed-hostname') as readonly string[],
    skipClientSanVerification: value('peer-skip-client-san-verification') as boolean,
    auto: value('peer-auto-tls') as boolean,
  }
}

/** All origins, or some of them: as etcd, only those that name their port. */
function origins(cors: readonly string[]): readonly string[] {
  if (cors.length === 1 && cors[0] === '*') return cors
  const refuse = (what: string, origin: string): never => {
    throw new UsageError(`invalid value "${cors.join(',')}" for flag -cors: ${what}: ${origin}`)
  }
  for (const origin of cors) {
    const [, scheme, host = '', path] = /^([a-z]+):\/\/([^/]*)(\/.*)?$/.exec(origin) ?? []
    if (scheme !== 'http' && scheme !== 'https') refuse('URL scheme must be http or https', origin)
    if (!/^(\[[^\]]+\]|[^:]+):\d+$/.test(host)) refuse('URL address does not have the form "host:port"', origin)
    if (path !== undefined) refuse('URL must not contain a path', origin)
  }
  return cors
}

/** No limit is the largest number of 32 bits, or 0 as in gRPC. */
function streams(value: number): number {
  if (value > unlimitedStreams) {
    throw new UsageError(`invalid value "${value}" for flag -max-concurrent-streams: value out of range`)
  }
  return value || unlimitedStreams
}
const unlimitedStreams = 4_294_967_295

type AutoCompaction = Pick<EmbedOptions, 'autoCompactionMode' | 'autoCompactionRetention'>

const hourMs = 3_600_000

/** A bare number counts hours, or revisions. */
function autoCompaction(mode: string, retention: string): AutoCompaction {
  if (mode === '') throw new UsageError('undefined auto-compaction-mode')
  if (mode !== 'periodic' && mode !== 'revision') throw new UsageError(`unknown auto-compaction-mode "${mode}"`)
  const isNumber = /^\+?\d+$/.test(retention) && Number.isSafeInteger(Number(retention))
  if (mode === 'revision') {
    if (isNumber) return { autoCompactionMode: mode, autoCompactionRetention: Number(retention) }
    throw new UsageError(`error parsing CompactionRetention: "${retention}" is no number of revisions`)
  }
  if (isNumber) return { autoCompactionMode: mode, autoCompactionRetention: Number(retention) * hourMs }
  try {
    return { autoCompactionMode: mode, autoCompactionRetention: parseDurationMs(retention) }
  } catch {
    throw new UsageError(`error parsing CompactionRetention: time: invalid duration "${retention}"`)
  }
}

/** The words that stand for no file. */
function logOutputsOf(outputs: readonly string[]): readonly string[] {
  if (outputs.length === 0) return ['default']
  if (outputs.includes('default') && outputs.length > 1) {
    throw new UsageError('multi logoutput for "default" is not supported yet')
  }
  if (outputs.includes('systemd/journal')) {
    throw new UsageError('log output "systemd/journal" needs a kind of socket that Node.js does not have: use stderr')
  }
  return [...new Set(outputs)]
}
