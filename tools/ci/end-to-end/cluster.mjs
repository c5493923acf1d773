// @ts-check
// A cluster of real processes: kvs or etcd, members to be killed, stopped and started again on their ports.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { etcdctl, etcdProgram, freePort, kvsctl, kvsProgram, Program } from './programs.mjs'

/** @typedef {import('./programs.mjs').Ctl} Ctl */

/** The program of a member, with leading arguments. */
export const kvs = [process.execPath, kvsProgram]
export const etcd = [etcdProgram]

const waitMsMax = 15_000

/**
 * Waits until something holds.
 * @param {string} what
 * @param {() => boolean | Promise<boolean>} condition
 * @param {number} [timeoutMs]
 */
export async function until(what, condition, timeoutMs = waitMsMax) {
  const untilMs = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > untilMs) throw new Error(`no ${what} within ${timeoutMs} ms`)
    await sleep(10)
  }
}

/** One member of a cluster through all lives of its process. */
export class ClusterMember {
  /** @type {Program | undefined} */
  server
  #program
  #flags

  /**
   * @param {object} place
   * @param {readonly string[]} place.program
   * @param {string} place.name
   * @param {string} place.dataDir
   * @param {number} place.client
   * @param {number} place.peer
   * @param {readonly string[]} place.flags besides those of its place
   */
  constructor({ program, name, dataDir, client, peer, flags }) {
    this.#program = program
    this.name = name
    this.dataDir = dataDir
    this.client = client
    this.peerUrl = `http://127.0.0.1:${peer}`
    this.#flags = [
      `--name=${name}`,
      `--data-dir=${dataDir}`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=${this.peerUrl}`,
      `--initial-advertise-peer-urls=${this.peerUrl}`,
      ...flags,
    ]
  }

  /** @returns {Ctl} */
  get etcdctl() {
    return etcdctl(this.client)
  }

  /** @returns {Ctl} */
  get kvsctl() {
    return kvsctl(this.client)
  }

  /** Without waiting: the first of a cluster serves only once a second one is there. */
  launch() {
    const [file = '', ...leading] = this.#program
    this.server = new Program(file, [...leading, ...this.#flags])
  }

  async ready() {
    const { server } = this
    if (server === undefined) throw new Error(`${this.name} was not started`)
    await server.until('readiness', () => server.stderr.includes('ready to serve client requests'))
  }

  async start() {
    this.launch()
    await this.ready()
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    return this.server?.end(signal)
  }

  /** @returns {Promise<boolean>} whether it says of itself that it leads */
  async leads() {
    if (this.server === undefined || this.server.outcome !== undefined) return false
    try {
      const answer = await fetch(`http://127.0.0.1:${this.client}/metrics`)
      return /^etcd_server_is_leader 1$/m.test(await answer.text())
    } catch {
      return false
    }
  }
}

export class Cluster {
  /** @type {ClusterMember[]} */
  members = []
  #program
  #folder
  #flags

  /**
   * @param {readonly string[]} program
   * @param {string} folder
   * @param {readonly string[]} flags
   */
  constructor(program, folder, flags) {
    this.#program = program
    this.#folder = folder
    this.#flags = flags
  }

  /**
   * @param {readonly string[]} program
   * @param {string} folder
   * @param {readonly string[]} [flags]
   */
  static async start(program, folder, flags = []) {
    const cluster = new Cluster(program, folder, flags)
    const places = []
    for (const name of ['one', 'two', 'three']) {
      places.push({ name, client: await freePort(), peer: await freePort() })
    }
    const initial = places.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join()
    for (const place of places) cluster.#add(place, [`--initial-cluster=${initial}`])
    for (const member of cluster.members) member.launch()
    await Promise.all(cluster.members.map(member => member.ready()))
    return cluster
  }

  /**
   * A further member of which the cluster is told elsewhere; it is started later.
   * @param {string} name
   * @returns {Promise<ClusterMember>}
   */
  async further(name) {
    const place = { name, client: await freePort(), peer: await freePort() }
    const known = this.members.map(member => `${member.name}=${member.peerUrl}`)
    const initial = [...known, `${name}=http://127.0.0.1:${place.peer}`].join()
    return this.#add(place, [`--initial-cluster=${initial}`, '--initial-cluster-state=existing'])
  }

  /**
   * @param {{ name: string, client: number, peer: number }} place
   * @param {readonly string[]} flags
   */
  #add(place, flags) {
    const dataDir = join(this.#folder, place.name)
    const member = new ClusterMember({
      ...place,
      program: this.#program,
      dataDir,
      flags: [...flags, ...this.#flags],
    })
    this.members.push(member)
    return member
  }

  /** @returns {number[]} ports of all */
  get clients() {
    return this.members.map(({ client }) => client)
  }

  /** @returns {Promise<ClusterMember>} */
  async leader() {
    /** @type {ClusterMember | undefined} */
    let found
    await until('leader', async () => {
      for (const member of this.members) if (await member.leads()) found = member
      return found !== undefined
    })
    return /** @type {ClusterMember} */ (found)
  }

  /** @returns {Promise<ClusterMember[]>} */
  async followers() {
    const leader = await this.leader()
    return this.members.filter(member => member !== leader)
  }

  async close() {
    await Promise.all(this.members.map(member => member.end('SIGKILL')))
  }
}
