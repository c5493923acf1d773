import { readFileSync, writeFileSync } from 'node:fs'
import { KV, Maintenance } from '@kvs/proto/rpc'
import { argumentValue, parseScript, runScriptAsync, type ScriptCase, settleScript } from '@kvs/testing'
import { test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { EffectsTrace } from './effects-trace.ts'
import { bytesOf } from './messages.ts'

/**
 * What the members of a cluster do to their disks and tell each other, in one order, with the virtual milliseconds since the
 * directive began. A message takes one; disks as long as they are told. L led first, F and G followed.
 *
 * Directives: `found`, `sync L= F= G=` (ms that a sync takes), `put at= key= every=` (several keys: so many ms apart; 0: at
 * once), `fill at= count=` (puts of which nothing is told), `move to=`, `kill at=`, `start at= ms=`.
 */
class Room {
  readonly #cluster = new Cluster(7)
  readonly #machines = new Map<string, Machine>()
  readonly #names = new Map<string, string>()
  readonly #lines: string[] = []
  #startMs = 0

  async run(directive: ScriptCase): Promise<string> {
    this.#lines.length = 0
    this.#startMs = this.#cluster.clock.now()
    await this.#do(directive)
    return this.#lines.join('\n')
  }

  async #do(directive: ScriptCase): Promise<void> {
    const cluster = this.#cluster
    const value = (key: string): string => argumentValue(directive, key) ?? ''
    switch (directive.command) {
      case 'found':
        return this.#found()
      case 'sync':
        for (const [name, machine] of this.#machines) machine.syncMs = Number(value(name))
        return
      case 'put':
        return this.#put(value('at'), value('key').split('+'), Number(value('every')))
      case 'fill':
        for (let i = Number(value('count')); i > 0; i--) {
          await this.#machine(value('at')).call(KV.put, { key: bytesOf('x') })
        }
        await cluster.advance(1000)
        this.#lines.length = 0
        return
      case 'move': {
        const targetId = this.#machine(value('to')).member.id
        const { leader } = cluster
        await leader.call(Maintenance.moveLeader, { targetId })
        this.#note(leader.name, 'answers')
        return cluster.advance(150)
      }
      case 'kill':
        return this.#machine(value('at')).crash()
      case 'start': {
        this.#machine(value('at'))
          .start()
          .catch(() => {})
        return cluster.advance(Number(value('ms')))
      }
      default:
        throw new Error(`no directive ${directive.command}`)
    }
  }

  async #found(): Promise<void> {
    const cluster = this.#cluster
    const trace = new EffectsTrace({
      sink: (member, line) => this.#note(member, line),
      nameOf: name => this.#names.get(name) ?? name,
    })
    for (const name of ['n1', 'n2', 'n3']) {
      cluster.machine(name).around = outside => trace.around(name, outside)
    }
    await cluster.found(3, { snapshotCount: 5, snapshotCatchupEntries: 0 })
    await cluster.advance(1000)
    for (const [at, machine] of [cluster.leader, ...cluster.followers].entries()) {
      const name = ['L', 'F', 'G'][at] as string
      this.#machines.set(name, machine)
      this.#names.set(machine.name, name)
      this.#names.set(machine.member.id.toString(16), name)
    }
    this.#lines.length = 0
  }

  async #put(at: string, keys: readonly string[], everyMs: number): Promise<void> {
    const { channel } = this.#machine(at)
    for (const [index, key] of keys.entries()) {
      if (index > 0 && everyMs > 0) await this.#cluster.advance(everyMs)
      const answered = channel.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf(key) }))
      answered.then(
        () => this.#note(at, `answers ${key}`),
        error => this.#note(at, `refuses ${key}: ${error.message}`),
      )
    }
    await this.#cluster.advance(150)
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name)
    if (machine === undefined) throw new Error(`no member ${name}`)
    return machine
  }

  #note(name: string, line: string): void {
    const atMs = Math.round(this.#cluster.clock.now() - this.#startMs)
    this.#lines.push(`${String(atMs).padStart(3)} ${this.#names.get(name) ?? name} ${line}`)
  }

  async close(): Promise<void> {
    await this.#cluster.stop()
    this.#cluster.close()
  }
}

test('the order of disks and messages in a cluster', async () => {
  const file = new URL('testdata/cluster-order.txt', import.meta.url)
  const room = new Room()
  const script = parseScript({ name: 'cluster-order.txt', text: readFileSync(file, 'utf8') })
  const result = await runScriptAsync(script, directive => room.run(directive))
  await room.close()
  settleScript(result, process.env['KVS_REWRITE'] === '1' ? text => writeFileSync(file, text) : undefined)
})
