import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type Configuration, configure } from '../src/config.ts'
import { flags } from '../src/flag-table.ts'
import { parseCommandLine } from '../src/flags.ts'
import { around, sampleOf } from './flag-samples.ts'

const read = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Configuration =>
  configure(parseCommandLine(args), environment, () => undefined)
const embed = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  read(args, environment).embed
function refused(args: readonly string[]): string {
  try {
    read(args)
  } catch (error) {
    expect(error).toMatchObject({ name: 'UsageError', status: 1 })
    return (error as Error).message
  }
  throw new Error('it was taken')
}

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
    const { warnings, infos } = read([`--config-file=${path}`, '--name=line'], { ETCD_MAX_TXN_OPS: '7', ETCD_X: 'x' })
    expect(warnings).toEqual([
      `flag --name is ignored: config file '${path}' replaces it`,
      `environment variable ETCD_MAX_TXN_OPS is ignored: config file '${path}' replaces it`,
    ])
    expect(infos[0]).toMatch(/^loaded server configuration, other configuration command line flags and environment/)
  })

  test('lists are text or lists, durations text or nanoseconds', () => {
    const urls =
      'advertise-client-urls: [http://127.0.0.1:1, "http://[::1]:2"]\nlisten-client-urls: http://127.0.0.1:1,http://[::1]:2\n'
    const options = embed([`--config-file=${file(`${urls}watch-progress-notify-interval: 2000000000\n`)}`])
    expect(options.advertiseClientUrls).toEqual(options.listenClientUrls)
    expect(options.watchProgressNotifyIntervalMs).toBe(2000)
  })

  test('keys that nobody knows are told of, with the nearest; those of old samples, too', () => {
    const path = file('nmae: x\nproxy: off\ncert-file: c\nclient-transport-security:\n  cretfile: d\n')
    const { warnings } = read([`--config-file=${path}`])
    expect(warnings.slice(0, 4)).toEqual([
      `unknown key nmae of config file '${path}' is ignored (did you mean name?)`,
      expect.stringMatching(/^unknown key proxy of config file .* is ignored$/),
      expect.stringMatching(/is ignored \(did you mean client-transport-security.cert-file\?\)$/),
      expect.stringMatching(
        /^unknown key client-transport-security.cretfile .*did you mean client-transport-security.cert-file/,
      ),
    ])
  })

  test('every flag has its key, but those that have none', () => {
    const without = Object.entries(flags).filter(([, flag]) => 'key' in flag && flag.key === undefined)
    expect(without.map(([name]) => name)).toEqual([
      ...['raft-read-timeout', 'raft-write-timeout', 'discovery-fallback', 'client-crl-file', 'peer-crl-file'],
    ])
    for (const [name, flag] of Object.entries(flags)) {
      const key = 'key' in flag ? flag.key : name
      if (key === undefined) continue
      const others = around(name).map(arg => arg.slice(2).split('=') as [string, string])
      const document = {}
      for (const [other, value] of [[name, sampleOf(name)] as const, ...others]) {
        const path = flags[other]?.key ?? other
        path.split('.').reduce<Record<string, unknown>>((group, part, i, parts) => {
          group[part] ??= i === parts.length - 1 ? value : {}
          return group[part] as Record<string, unknown>
        }, document)
      }
      const said = read([`--config-file=${file(stringify(document))}`])
      const byLine = flag.isFileOnly === true ? undefined : read([...around(name), `--${name}=${sampleOf(name)}`])
      if (byLine !== undefined) expect([name, said.embed, said.logLevel]).toEqual([name, byLine.embed, byLine.logLevel])
      expect(said.warnings.filter(warning => warning.includes('unknown key'))).toEqual([])
    }
  })

  test("etcd's own sample, with keys of its second API", () => {
    const { embed: options, warnings } = read([`--config-file=${join(import.meta.dirname, 'testdata/etcd.conf.yml')}`])
    expect(options).toMatchObject({
      name: 'default',
      dataDir: 'default.etcd',
      snapshotCount: 10_000,
      heartbeatIntervalMs: 100,
      listenClientUrls: ['http://localhost:2379'],
      clientTls: expect.objectContaining({ clientCertAuth: false, auto: false }),
      initialClusterToken: 'etcd-cluster',
    })
    const unknown = warnings.flatMap(warning => /^unknown key (\S+)/.exec(warning)?.[1] ?? [])
    expect(unknown).toEqual([
      ...['discovery', 'discovery-fallback', 'discovery-proxy', 'enable-v2', 'proxy', 'proxy-failure-wait'],
      ...['proxy-refresh-interval', 'proxy-dial-timeout', 'proxy-write-timeout', 'proxy-read-timeout'],
      ...['log-package-levels'],
    ])
  })

  test.each([
    ['initial-cluster-state: old', 'invalid value "old" for key initial-cluster-state of config file'],
    ['name: {a: b}', 'invalid value for key name of config file'],
    ['peer-transport-security: 5', 'invalid peer-transport-security'],
    ['listen-client-urls: http://127.0.0.1:1', '--advertise-client-urls is required'],
    ['a: &a [1]\nb: [*a, *a]\nname: *c', 'Unresolved alias'],
    ['max-txn-ops: x', 'invalid value "x" for key max-txn-ops of config file'],
    ['- a', 'expected keys and values'],
    ['', 'expected keys and values'],
    ['name: "x', 'Missing closing "quote'],
  ])('%j is refused', (text, wanted) => {
    expect(refused([`--config-file=${file(text)}`])).toContain(wanted)
  })
})
