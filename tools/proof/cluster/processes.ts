/** A cluster of real kvs processes on this machine, or each in a network namespace of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../durability/server-process.ts'
import type { Network } from './network.ts'

const readyMsMax = 30_000
const askMsMax = 500
const pollMs = 5
const keptCharacters = 20_000

export interface ClusterOptions {
  readonly program: string
  readonly folder: string
  readonly network?: Network | undefined
  readonly flags?: readonly string[]
  /** What the environment of a member has besides. */
  readonly env?: (name: string) => Readonly<Record<string, string>>
}

interface Place {
  readonly name: string
  readonly host: string
  readonly client: number
  readonly peer: number
  readonly within: readonly string[]
}

/** One member, through all lives of its process. */
export class MemberProcess {
  readonly name: string
  readonly endpoint: string
  /** Terms in which it said of itself that it leads. */
  readonly terms: number[] = []
  said = ''
  readonly #command: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #line = ''

  constructor(place: Place, { program, folder, flags = [], env }: ClusterOptions, initial: string) {
    const { name, host, client, peer, within } = place
    this.name = name
    this.#env = env?.(name) ?? {}
    this.endpoint = `${host}:${client}`
    this.#command = [
      ...within,
      process.execPath,
      program,
      `--name=${name}`,
      `--data-dir=${join(folder, name)}`,
      `--listen-client-urls=http://${host}:${client}`,
      `--advertise-client-urls=http://${host}:${client}`,
      `--listen-peer-urls=http://${host}:${peer}`,
      `--initial-advertise-peer-urls=http://${host}:${peer}`,
      `--initial-cluster=${initial}`,
      ...flags,
    ]
  }

  get isUp(): boolean {
    return this.#child !== undefined
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} does not run`)
    return this.#child.pid
  }

  start(more: Readonly<Record<string, string>> = {}): void {
    const [file = '', ...args] = this.#command
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ETCD(CTL)?_/.test(name)))
    const env = { ...own, ...this.#env, ...more }
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
    this.#child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard(text))
    this.#ended = new Promise(resolve => {
      child.once('close', () => {
        if (this.#child === child) this.#child = undefined
        resolve()
      })
    })
  }

  #heard(text: string): void {
    this.said = (this.said + text).slice(-keptCharacters)
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) {
      const term = /became leader at term (\d+)/.exec(line)?.[1]
      if (term !== undefined) this.terms.push(Number(term))
    }
  }

  /** Waits until it says that it is healthy; returns how long that took in milliseconds. */
  async ready(): Promise<number> {
    const startedMs = performance.now()
    for (;;) {
      const health = await this.#ask('/health')
      if (health?.includes('"true"') === true) return performance.now() - startedMs
      if (!this.isUp) throw new Error(`${this.name} ended: ${this.said.slice(-500)}`)
      if (performance.now() - startedMs > readyMsMax)
        throw new Error(`${this.name} is not ready: ${this.said.slice(-2000)}`)
      await sleep(pollMs)
    }
  }

  async #ask(path: string): Promise<string | undefined> {
    try {
      const answer = await fetch(`http://${this.endpoint}${path}`, { signal: AbortSignal.timeout(askMsMax) })
      return await answer.text()
    } catch {
      return undefined
    }
  }

  /** Whether it says of itself that it leads. */
  async leads(): Promise<boolean> {
    if (!this.isUp) return false
    return /^etcd_server_is_leader 1$/m.test((await this.#ask('/metrics')) ?? '')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Resolves when the process is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal)
    await this.#ended
  }
}

export class ClusterOfProcesses {
  readonly members: readonly MemberProcess[]

  private constructor(members: readonly MemberProcess[]) {
    this.members = members
  }

  static async make(options: ClusterOptions, count = 3): Promise<ClusterOfProcesses> {
    const places: Place[] = []
    for (let i = 0; i < count; i++) {
      const { network } = options
      const ports = network === undefined ? await freePorts() : { client: 2379, peer: 2380 }
      const host = network?.host(i) ?? '127.0.0.1'
      places.push({ ...ports, name: `m${i + 1}`, host, within: network?.within(i) ?? [] })
    }
    const initial = places.map(({ name, host, peer }) => `${name}=http://${host}:${peer}`).join()
    return new ClusterOfProcesses(places.map(place => new MemberProcess(place, options, initial)))
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint)
  }

  /** Starts all; resolves when all are healthy. */
  async start(): Promise<void> {
    for (const member of this.members) member.start()
    await Promise.all(this.members.map(member => member.ready()))
  }

  /** Waits for a member that leads: the one of the newest term, if an old leader does not know yet. */
  async leader(among: readonly MemberProcess[] = this.members): Promise<MemberProcess> {
    for (let left = readyMsMax / pollMs; left > 0; left--) {
      const leading: MemberProcess[] = []
      for (const member of among) if (await member.leads()) leading.push(member)
      const newest = (member: MemberProcess): number => Math.max(0, ...member.terms)
      const [found] = leading.toSorted((a, b) => newest(b) - newest(a))
      if (found !== undefined) return found
      await sleep(pollMs)
    }
    throw new Error('nobody leads')
  }

  /** Who led in more than one member's word in one term. */
  rivals(): readonly string[] {
    const byTerm = new Map<number, string[]>()
    for (const { name, terms } of this.members) {
      for (const term of terms) byTerm.set(term, [...(byTerm.get(term) ?? []), name])
    }
    return [...byTerm]
      .filter(([, names]) => names.length > 1)
      .map(([term, names]) => `${names.join(' and ')} led in term ${term}`)
  }

  get terms(): number {
    return new Set(this.members.flatMap(({ terms }) => terms)).size
  }

  async close(): Promise<void> {
    await Promise.all(
      this.members.map(member => {
        member.signal('SIGCONT')
        return member.end('SIGKILL')
      }),
    )
  }
}
