import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@kvs/server/embed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configure } from '../src/config.ts'
import { flags } from '../src/flag-table.ts'
import { parseCommandLine } from '../src/flags.ts'
import { sampleOf } from './flag-samples.ts'

/** Members that are started as the program starts them. */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-start-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Starts a member with these flags on ports of its own, asks it for its version, and stops it. */
async function starts(args: readonly string[]): Promise<void> {
  const { embed } = configure(parseCommandLine(args), {}, () => undefined)
  const anyPort = (urls: readonly string[] = []): readonly string[] => urls.map(() => 'http://127.0.0.1:0')
  const member = await startEmbedded({
    ...embed,
    dataDir: join(folder, 'data'),
    walDir: embed.walDir === '' ? '' : join(folder, 'wal'),
    listenClientUrls: anyPort(embed.listenClientUrls),
    listenPeerUrls: anyPort(embed.listenPeerUrls),
    listenMetricsUrls: anyPort(embed.listenMetricsUrls),
    listenClientHttpUrls: anyPort(embed.listenClientHttpUrls),
  })
  try {
    const [address = member.clientAddresses[0]] = member.clientHttpAddresses
    expect(await (await fetch(`http://${address}/version`)).json()).toMatchObject({ etcdserver: '3.7.1' })
  } finally {
    await member.stop()
  }
}

test("with the keys of etcd's sample configuration", () =>
  starts([`--config-file=${join(import.meta.dirname, 'testdata/etcd.conf.yml')}`]))

const said = Object.entries(flags).filter(([, { isFileOnly }]) => isFileOnly !== true)

test('with every flag at its default', () => {
  const args = said.map(
    ([name, { fallback, kind }]) => `--${name}=${kind === 'durationMs' ? `${fallback}ms` : fallback}`,
  )
  return starts(args)
})

/** These say where the founders are, which need others to be there, or files; each has tests of its own. */
const notAlone =
  /^(discovery-.*|initial-cluster.*|initial-advertise-peer-urls|name|.*-file|.*auth|auto-tls|.*allowed.*|auth-token|log-.*|socket-reuse-port|data-dir|cors|host-whitelist|cipher-suites|enable-log-rotation)$/

test('with every other flag at another value', () => {
  const others = said.filter(([name]) => !notAlone.test(name))
  expect(others.length).toBeGreaterThan(60)
  return starts([...others.map(([name]) => `--${name}=${sampleOf(name)}`), '--bcrypt-cost=4'])
})
