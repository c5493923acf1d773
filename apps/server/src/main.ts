#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { startEmbedded } from '@kvs/server/embed'
import { architectureName, unsupportedArchitecture } from './architecture.ts'
import { type Configuration, configure } from './config.ts'
import { openFailpoints } from './failpoints.ts'
import { UsageError } from './flag-values.ts'
import { helpText, parseCommandLine } from './flags.ts'
import { openLogOutputs } from './log-output.ts'
import { createLogger, type LevelLogger } from './logger.ts'
import { type ServiceState, tellServiceManager } from './service-manager.ts'

/** The `kvs` program: arguments, environment and signals in, exit status out. */

const etcdVersion = '3.7.1'
const kvsVersion = '0.1.0'

/** What LMDB may have said on standard error has no end of line. */
const afterLmdb = '\n'

function versionText(): string {
  const lines = [
    `kvs Version: ${kvsVersion} (Node.js ${process.version})`,
    `etcd Version: ${etcdVersion}`,
    'Git SHA: kvs',
    'Go Version: none',
    `Go OS/Arch: ${platform()}/${architectureName(arch())}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Ends the process by the signal it got, as etcd does; pid 1 has no default action and exits 0. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  if (process.pid === 1) process.exit(0)
  process.kill(process.pid, signal)
}

/** Which lines of the sources log, by their place in the bundle; beside the sources there is no such table. */
function callers(): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(new URL('./callers.json', import.meta.url), 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}

function openLogger(configuration: Configuration): LevelLogger {
  const logger = createLogger({
    level: configuration.logLevel,
    format: configuration.logFormat,
    outputs: openLogOutputs(configuration.logOutputs, configuration.logRotation),
    callers: callers(),
  })
  for (const info of configuration.infos) logger.info(info)
  for (const warning of configuration.warnings) logger.warn(warning)
  return logger
}

async function run(args: readonly string[]): Promise<void> {
  const line = parseCommandLine(args)
  if (line.wants === 'help') return void process.stdout.write(helpText())
  if (line.wants === 'version') return void process.stdout.write(versionText())
  const strange = unsupportedArchitecture(arch(), process.env['ETCD_UNSUPPORTED_ARCH'])
  if (strange !== undefined) throw new UsageError(strange, 1)
  const configuration = configure(line, process.env)
  const logger = openLogger(configuration)
  const tell = async (state: ServiceState): Promise<void> => {
    const failure = await tellServiceManager(state)
    if (failure !== undefined) logger.warn('failed to notify systemd', { state, error: failure })
  }
  const failpoints = await openFailpoints(process.env, text => logger.warn(text))
  const givingUp = new AbortController()
  const start = startEmbedded({
    ...configuration.embed,
    ownsProcess: true,
    commandLine: ['kvs', ...args],
    logger,
    failpoints,
    setLogLevel: logger.setLevel,
    signal: givingUp.signal,
    onFatal: error => {
      if (isOfDisk(error)) process.stderr.write(afterLmdb)
      logger.error('the member stops', { error: error.message })
      end(1, isOfDisk(error))
    },
    onRemoved: () => {
      logger.warn('server error', { error: 'the member has been permanently removed from the cluster' })
      logger.warn('data-dir used by this member must be removed')
      endAfter(stop(), () => process.exit(0))
    },
  })
  /** A member that still starts may wait for others in vain. */
  const stop = (): Promise<unknown> => {
    givingUp.abort()
    const stopped = start.then(
      member => member.stop(),
      () => {},
    )
    return Promise.all([stopped, tell('STOPPING=1')])
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      logger.info('received signal; shutting down', { signal })
      endAfter(stop(), () => endBy(signal))
    })
  }
  try {
    await start
  } catch (error) {
    if (!givingUp.signal.aborted) throw error
    return
  }
  await tell('READY=1')
}

function endAfter(stopped: Promise<unknown>, endWell: () => void): void {
  stopped.then(endWell, () => process.exit(1))
}

/**
 * Whether this is a failure of the disk. Then a write of LMDB's may have failed, or be about to: it says so on standard
 * error itself, and writes past the end of a block of memory.
 */
function isOfDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ['BackendError', 'VfsError', 'WalError'].includes(error.name) || isOfDisk(error.cause)
}

/** A first commit of LMDB's has failed. */
function isUnsound(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('unsound' in error && error.unsound === true) || isUnsound(error.cause)
}

/** Ends the process. In damaged memory an orderly exit would be cut short by an abort that says something else. */
function end(status: number, isMemoryDamaged: boolean): never {
  if (isMemoryDamaged) process.kill(process.pid, 'SIGKILL')
  return process.exit(status)
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${isUnsound(error) ? afterLmdb : ''}kvs: ${message}\n`)
  end(error instanceof UsageError ? error.status : 1, isUnsound(error))
})
