import type { EmbedOptions } from '@kvs/server/embed'
import { checkTogether } from './config-checks.ts'
import { readConfigFile } from './config-file.ts'
import { defaultHost } from './default-host.ts'
import { type Advertised, embedOptions } from './embed-options.ts'
import { deprecations, flags } from './flag-table.ts'
import { type FlagValue, UsageError } from './flag-values.ts'
import { type CommandLine, flagValue } from './flags.ts'
import { type LogRotation, parseLogRotation } from './log-rotation.ts'
import { logFormats, logLevels } from './logger.ts'
import { withDefaultHost } from './url-values.ts'
import { Values } from './values.ts'

/** The configuration of the program, and what should be said about where it came from. */
export interface Configuration {
  readonly embed: EmbedOptions
  readonly logLevel: string
  readonly logFormat: string
  readonly logOutputs: readonly string[]
  /** Undefined: files grow as they like. */
  readonly logRotation: LogRotation | undefined
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** What was found where, before it is put together. */
interface Found {
  readonly said: ReadonlyMap<string, FlagValue>
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/**
 * Command line over environment over defaults; a config file replaces both. `host` is where others find this machine, if
 * that is known. Throws `UsageError`.
 */
export function configure(
  line: CommandLine,
  environment: Environment,
  host: () => string | undefined = defaultHost,
): Configuration {
  const configFile = line.configFile ?? (environment['ETCD_CONFIG_FILE'] || undefined)
  const found = configFile === undefined ? fromOutside(line, environment) : fromFile(configFile, line, environment)
  const values = new Values(found.said)
  const { advertised, notes } = advertisedUrls(values, host)
  const warnings = [...found.warnings, ...historicalWarnings(line), ...deprecationsOf(values)]
  checkTogether(values, advertised)
  const logging = loggingOf(values)
  const embed = embedOptions(values, advertised)
  return { embed, ...logging, warnings: [...warnings, ...advice(values)], infos: [...found.infos, ...notes] }
}

function fromOutside(line: CommandLine, environment: Environment): Found {
  const said = new Map<string, FlagValue>()
  const warnings: string[] = []
  for (const [variable, value, name] of variablesOf(environment)) {
    if (name === undefined) warnings.push(`unrecognized environment variable ${variable}=${value}`)
    else if (line.values.has(name)) {
      warnings.push(`recognized environment variable ${variable}, but unused: shadowed by corresponding flag`)
    } else said.set(name, flagValue(name, value, { where: variable, status: 1 }))
  }
  for (const [name, value] of line.values) said.set(name, flagValue(name, value, { where: `flag -${name}` }))
  return { said, warnings, infos: [] }
}

/** Variables of etcd's that are set, with their flag, if they have one. */
function* variablesOf(
  environment: Environment,
): Generator<[variable: string, value: string, name: string | undefined]> {
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('ETCD_') || value === undefined || value === '' || special.has(variable)) continue
    yield [variable, value, flagOfVariable.get(variable)]
  }
}

const variableOf = (name: string): string => `ETCD_${name.toUpperCase().replaceAll('-', '_')}`
const flagOfVariable: ReadonlyMap<string, string> = new Map(
  Object.entries(flags).flatMap(([name, { isFileOnly }]) => (isFileOnly === true ? [] : [[variableOf(name), name]])),
)
const special: ReadonlySet<string> = new Set(['ETCD_UNSUPPORTED_ARCH', 'ETCD_VERSION', 'ETCD_CONFIG_FILE'])

function fromFile(path: string, line: CommandLine, environment: Environment): Found {
  const { values, warnings } = readConfigFile(path)
  const ignored = [...line.values.keys()].map(name => `flag --${name} is ignored: config file '${path}' replaces it`)
  for (const [variable, , name] of variablesOf(environment)) {
    if (name !== undefined)
      ignored.push(`environment variable ${variable} is ignored: config file '${path}' replaces it`)
  }
  const loaded =
    'loaded server configuration, other configuration command line flags and environment variables will be ignored if provided'
  return { said: values, warnings: [...ignored, ...warnings], infos: [`${loaded}: ${path}`] }
}

const historicalWarnings = ({ historical }: CommandLine): readonly string[] =>
  historical.map(name => `flag "-${name}" is no longer supported - ignoring.`)

const deprecationsOf = (values: Values): readonly string[] =>
  Object.entries(deprecations).flatMap(([name, sentence]) => (values.isSaid(name) ? [sentence] : []))

/** What works, but not as those who said it may think. */
function advice(values: Values): readonly string[] {
  const told: string[] = []
  if (values.boolean('memory-mlock')) told.push('--memory-mlock has no effect: Node.js cannot lock memory')
  for (const [name, reason] of Object.entries(withoutEffect)) {
    if (values.text(name) !== '') told.push(`--${name} has no effect: ${reason}`)
  }
  if (values.text('backend-bbolt-freelist-type') === 'array') {
    told.push('--backend-bbolt-freelist-type has no effect: the state file has no such list')
  }
  if (values.text('name') === 'default') {
    told.push(
      "it isn't recommended to use default name, please set a value for --name. Note that etcd might run into issue " +
        'when multiple members have the same default name',
    )
  }
  const isPersisted = /LeaseCheckpointPersist=(1|t|true)/i.test(values.text('feature-gates'))
  if (/LeaseCheckpoint=(1|t|true)/i.test(values.text('feature-gates')) && !isPersisted) {
    told.push(
      'Detected that checkpointing is enabled without persistence. Consider enabling feature gate LeaseCheckpointPersist',
    )
  }
  for (const name of ['raft-read-timeout', 'raft-write-timeout']) {
    if (values.number(name) < raftTimeoutMsMin) told.push(`${name} increased to minimum value: 5s`)
  }
  return told
}
const raftTimeoutMsMin = 5000
const withoutEffect: Readonly<Record<string, string>> = {
  'client-cert-file': 'the gateway calls within the process, not over a port that asks for certificates',
  'client-key-file': 'the gateway calls within the process, not over a port that asks for certificates',
}

/** Where others find this member: on the host of the default route if it listens everywhere and was told nothing. */
function advertisedUrls(
  values: Values,
  host: () => string | undefined,
): { readonly advertised: Advertised; readonly notes: readonly string[] } {
  const [peers, clients] = [values.list('initial-advertise-peer-urls'), values.list('advertise-client-urls')]
  const listens = [values.list('listen-peer-urls'), values.list('listen-client-urls')]
  if (!listens.some(urls => urls[0]?.includes('//0.0.0.0:'))) return { advertised: { peers, clients }, notes: [] }
  const name = host()
  if (name === undefined) return { advertised: { peers, clients }, notes: ['failed to detect default host'] }
  const [listenPeers = [], listenClients = []] = listens
  const moved = {
    peers: withDefaultHost(peers, { untouched: 'http://localhost:2380', listen: listenPeers, host: name }),
    clients: withDefaultHost(clients, { untouched: 'http://localhost:2379', listen: listenClients, host: name }),
  }
  const isUsed = moved.peers !== peers || moved.clients !== clients
  return { advertised: moved, notes: isUsed ? [`detected default host for advertise: ${name}`] : [] }
}

function loggingOf(values: Values): Pick<Configuration, 'logLevel' | 'logFormat' | 'logOutputs' | 'logRotation'> {
  if (values.text('logger') !== 'zap') throw new UsageError(`unknown logger option "${values.text('logger')}"`, 1)
  const logOutputs = logOutputsOf(values.list('log-outputs'))
  const rotation = values.boolean('enable-log-rotation') ? values.text('log-rotation-config-json') : undefined
  return {
    logLevel: oneOf('log-level', logLevels, values),
    logFormat: oneOf('log-format', logFormats, values),
    logOutputs,
    logRotation: rotation === undefined ? undefined : parseLogRotation(rotation, logOutputs),
  }
}

function oneOf(name: string, words: readonly string[], values: Values): string {
  const word = values.text(name)
  if (words.includes(word)) return word
  const text = `invalid value "${word}" for flag -${name}: must be one of ${words.filter(Boolean).join(', ')}`
  throw new UsageError(text, 1)
}

/** The words that stand for no file. */
function logOutputsOf(outputs: readonly string[]): readonly string[] {
  if (outputs.length === 0) return ['default']
  if (outputs.includes('default') && outputs.length > 1) {
    throw new UsageError('multi logoutput for "default" is not supported yet', 1)
  }
  return [...new Set(outputs)]
}
