/** A server on one data directory through all its ends, and everything it must still know at each start. */
import { type Client, connect } from '@kvs/client'
import type { SeededRandom } from '@kvs/testing'
import { Ledger } from './ledger.ts'
import { makeLoad, readAll, readHistory, type Shown, Witness } from './load.ts'
import { describeEnd, freePorts, type Ports, ServerProcess, ServerRefused } from './server-process.ts'

export interface TrialOptions {
  readonly program: string
  readonly dataDir: string
  readonly writers: number
  readonly random: SeededRandom
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export class Trial {
  readonly ledger: Ledger
  readonly readyMs: number[] = []
  comparedEvents = 0
  readonly #options: TrialOptions
  readonly #ports: Ports
  #witness: Witness | undefined
  #server: ServerProcess | undefined
  #identity: string | undefined

  private constructor(options: TrialOptions, ports: Ports, ledger: Ledger) {
    this.#options = options
    this.#ports = ports
    this.ledger = ledger
  }

  /** On an empty data directory. */
  static async begin(options: TrialOptions): Promise<Trial> {
    return new Trial(options, await freePorts(), new Ledger(1))
  }

  start(env: Readonly<Record<string, string>> = {}): ServerProcess {
    const { program, dataDir, flags = [] } = this.#options
    this.#server = new ServerProcess({
      program,
      dataDir,
      ports: this.#ports,
      flags,
      env: { ...this.#options.env, ...env },
    })
    return this.#server
  }

  /** Waits until the server serves and compares all it has with the ledger. */
  async verify(server: ServerProcess): Promise<void> {
    this.readyMs.push(await server.ready())
    const client = connect({ endpoints: [server.endpoint] })
    try {
      await Promise.race([this.#compare(client, server.endpoint), refusedWhenEnded(server)])
    } finally {
      client.close()
    }
  }

  async #compare(client: Client, endpoint: string): Promise<void> {
    const { ledger } = this
    const shown = await readAll(client)
    this.#checkIdentity(shown)
    const first = ledger.settledRevision + 1
    ledger.settle(await readHistory(client, first, shown.revision), shown.revision)
    ledger.compareState(shown.keys)
    // With a promise broken already, later revisions may never come.
    if (ledger.complaintCount > 0) return
    const { random } = this.#options
    const old = random.between(ledger.forgottenRevision + 1, Math.max(first, ledger.forgottenRevision + 1))
    const again = await readHistory(client, old, shown.revision)
    this.comparedEvents += ledger.compareHistory(again, old, shown.revision, 'a watch from an old revision')
    this.#witness ??= new Witness(endpoint, first)
    const told = shown.revision < first ? [] : await this.#witness.upTo(shown.revision)
    this.comparedEvents += ledger.compareHistory(told, first, shown.revision, 'a watch that lived through the end')
  }

  #checkIdentity({ clusterId, memberId }: Shown): void {
    const identity = `${clusterId.toString(16)}/${memberId.toString(16)}`
    this.#identity ??= identity
    if (identity !== this.#identity) this.ledger.complain(`the member became ${identity}, it was ${this.#identity}`)
  }

  /**
   * Writes until `until` resolves and `end` has done its work. Returns when the youngest acknowledged write had been sent,
   * by `process.hrtime.bigint()`.
   */
  async load(server: ServerProcess, until: Promise<unknown>, end: () => Promise<unknown>): Promise<bigint> {
    const { writers, random } = this.#options
    const { ledger } = this
    const toServer = (): Client => connect({ endpoints: [server.endpoint] })
    const load = makeLoad({ connect: toServer, writers, ledger, random: random.fork() })
    load.run()
    await until
    await end()
    await load.stop()
    return load.youngestSentNs
  }

  /** Forgets the older half of what can still be watched, here and there. */
  async compact(server: ServerProcess): Promise<void> {
    const { ledger } = this
    const revision = Math.floor((ledger.forgottenRevision + ledger.settledRevision) / 2)
    if (revision <= ledger.forgottenRevision) return
    const client = connect({ endpoints: [server.endpoint] })
    try {
      await client.compact(revision)
      ledger.forget(revision)
    } finally {
      client.close()
    }
  }

  async close(): Promise<void> {
    this.#witness?.close()
    await this.#server?.kill()
  }
}

async function refusedWhenEnded(server: ServerProcess): Promise<never> {
  const end = await server.ended
  throw new ServerRefused(`the server ended with ${describeEnd(end)} while it was read`, server.said)
}
