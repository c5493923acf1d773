/**
 * A network for real processes: one namespace per member, all on one bridge, and clients on the side of the host. Frames
 * from one member to another are made to vanish by a wrong hardware address for it: silently, one way, and without touching
 * anybody else. Needs root and `ip`.
 */
import { spawnSync } from 'node:child_process'

const nowhere = '02:00:00:00:ff:fe'

/** Why there can be no such network here; undefined if there can. */
export function networkIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const { status, error } = spawnSync('ip', ['netns', 'list'])
  if (error !== undefined || status !== 0) return 'the program ip is missing'
  const name = `kvs-try-${process.pid}`
  const tried = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (tried.status !== 0) return `no namespace can be made: ${tried.stderr.trim()}`
  ip('netns', 'del', name)
  return undefined
}

export class Network {
  readonly #bridge: string
  readonly #subnet: string
  readonly #count: number
  readonly #cuts = new Set<string>()
  readonly #down = new Set<number>()

  /** `number` tells networks of one time apart. */
  constructor(count: number, number: number) {
    this.#count = count
    this.#bridge = `kvs${number % 1000}`
    this.#subnet = `10.${100 + (number % 100)}.${number % 251}`
    ip('link', 'add', this.#bridge, 'type', 'bridge')
    try {
      ip('addr', 'add', `${this.#subnet}.1/24`, 'dev', this.#bridge)
      ip('link', 'set', this.#bridge, 'up')
      for (let i = 0; i < count; i++) this.#addPlace(i)
    } catch (error) {
      this.remove()
      throw error
    }
  }

  #addPlace(i: number): void {
    const name = this.#namespace(i)
    ip('netns', 'add', name)
    ip('link', 'add', this.#port(i), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    ip('link', 'set', this.#port(i), 'master', this.#bridge, 'up')
    ip('-n', name, 'addr', 'add', `${this.host(i)}/24`, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }

  #namespace(i: number): string {
    return `${this.#bridge}-${i + 1}`
  }

  #port(i: number): string {
    return `${this.#bridge}p${i + 1}`
  }

  host(i: number): string {
    return `${this.#subnet}.${i + 11}`
  }

  /** What a command line begins with that is to run there. */
  within(i: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#namespace(i)]
  }

  /** Nothing goes from one member to another any more. The way back stays open. */
  cut(from: number, to: number): void {
    this.#cuts.add(`${from} ${to}`)
    const args = [this.host(to), 'lladdr', nowhere, 'dev', 'eth0', 'nud', 'permanent']
    ip('-n', this.#namespace(from), 'neigh', 'replace', ...args)
  }

  /** No other member hears this one, and it hears none; clients reach it all the same. */
  isolate(i: number): void {
    for (let other = 0; other < this.#count; other++) {
      if (other === i) continue
      this.cut(i, other)
      this.cut(other, i)
    }
  }

  /** Takes a member off the bridge: nobody reaches it, clients neither. */
  unplug(i: number): void {
    this.#down.add(i)
    ip('link', 'set', this.#port(i), 'down')
  }

  heal(): void {
    for (const cut of this.#cuts) {
      const [from = 0, to = 0] = cut.split(' ').map(Number)
      ip('-n', this.#namespace(from), 'neigh', 'del', this.host(to), 'dev', 'eth0')
    }
    this.#cuts.clear()
    for (const i of this.#down) ip('link', 'set', this.#port(i), 'up')
    this.#down.clear()
  }

  remove(): void {
    for (let i = 0; i < this.#count; i++) spawnSync('ip', ['netns', 'del', this.#namespace(i)])
    spawnSync('ip', ['link', 'del', this.#bridge])
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
}
