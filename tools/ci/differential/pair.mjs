// @ts-check
// The real etcd and kvs side by side: fresh data, equal flags, so that even the ids of member and cluster are equal.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { etcdProgram, freePorts, kvsProgram, startServer } from '../end-to-end/programs.mjs'

/** @typedef {import('../end-to-end/programs.mjs').Program} Program */

/** Nobody listens there: a member does not call itself. From this address come the ids. */
const peerUrl = 'http://127.0.0.1:2380'

/** One of the two servers, and what its commands have left behind. */
export class Side {
  /** Ids of leases by name, in hexadecimal without leading zeros. @type {Map<string, string>} */
  leases = new Map()
  /** @type {Map<string, Program>} */
  background = new Map()

  /**
   * @param {string} name
   * @param {number} port
   * @param {string} folder where commands run
   * @param {Program} server
   */
  constructor(name, port, folder, server) {
    this.name = name
    this.port = port
    this.folder = folder
    this.server = server
  }

  async stop() {
    await Promise.all([...this.background.values()].map(program => program.end('SIGKILL')))
    await this.server.end('SIGKILL')
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} command
 * @param {string} folder
 * @param {readonly string[]} more flags
 * @returns {Promise<Side>}
 */
async function startSide(name, [file = '', ...leading], folder, more) {
  const { client, peer } = await freePorts()
  const flags = [
    '--name=default',
    `--data-dir=${join(folder, `${name}.data`)}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
  ]
  const commands = join(folder, name)
  mkdirSync(commands)
  return new Side(name, client, commands, await startServer(file, [...leading, ...flags, ...more]))
}

/**
 * Starts both and waits until they serve.
 * @param {string} folder an empty one
 * @param {readonly string[]} flags besides those that say where to listen
 * @returns {Promise<{ etcd: Side, kvs: Side }>}
 */
export async function startPair(folder, flags) {
  const [etcd, kvs] = await Promise.allSettled([
    startSide('etcd', [etcdProgram], folder, flags),
    startSide('kvs', [process.execPath, kvsProgram], folder, flags),
  ])
  if (etcd.status === 'fulfilled' && kvs.status === 'fulfilled') return { etcd: etcd.value, kvs: kvs.value }
  for (const side of [etcd, kvs]) if (side.status === 'fulfilled') await side.value.stop()
  throw etcd.status === 'rejected' ? etcd.reason : /** @type {PromiseRejectedResult} */ (kvs).reason
}
