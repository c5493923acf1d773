import { readFileSync, writeFileSync } from 'node:fs'
import { KV } from '@kvs/proto/rpc'
import { argumentValue, parseScript, runScriptAsync, type ScriptCase, settleScript } from '@kvs/testing'
import { traceFs } from '@kvs/vfs'
import { test } from 'vitest'
import { type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

/**
 * What a member does to its disk, call by call, and what clients hear when. The state file is the twin in memory, whose
 * only trace is the mark that it leaves when it is made.
 *
 * Directives: `start`, `put key= value= bytes=` (several keys: at once), `wait ms=`, `stop`, `kill`.
 */
class Room {
  #world = new World()
  #member: TestMember | undefined
  #lines: string[] = []

  async run(directive: ScriptCase): Promise<string> {
    this.#lines = []
    await this.#do(directive)
    await this.#world.settled()
    return this.#lines.join('\n')
  }

  async #do(directive: ScriptCase): Promise<void> {
    const world = this.#world
    switch (directive.command) {
      case 'start': {
        const fs = traceFs(world.disk, { sink: line => this.#note(line), root: '/data', showDone: true })
        this.#member = await world.start({ walSegmentBytes: 16_384, snapshotCount: 8, maxWals: 1 }, fs)
        this.#note('serves')
        return
      }
      case 'put': {
        const keys = (argumentValue(directive, 'key') ?? '').split('+')
        const text = argumentValue(directive, 'value') ?? ''
        const value = bytesOf(text.padEnd(Number(argumentValue(directive, 'bytes') ?? 0), '.'))
        await Promise.all(
          keys.map(async key => {
            await this.#member?.call(KV.put, { key: bytesOf(key), value })
            this.#note(`answered ${key}`)
          }),
        )
        return
      }
      case 'wait':
        return world.advance(Number(argumentValue(directive, 'ms')))
      case 'stop':
        await this.#member?.member.stop()
        return
      case 'kill':
        this.#world = world.kill()
        return
      default:
        throw new Error(`no directive ${directive.command}`)
    }
  }

  #note(line: string): void {
    this.#lines.push(line)
  }

  close(): void {
    this.#world.close()
  }
}

test('the order of disk and answers', async () => {
  const file = new URL('testdata/disk-order.txt', import.meta.url)
  const room = new Room()
  const script = parseScript({ name: 'disk-order.txt', text: readFileSync(file, 'utf8') })
  const result = await runScriptAsync(script, directive => room.run(directive))
  room.close()
  settleScript(result, process.env['KVS_REWRITE'] === '1' ? text => writeFileSync(file, text) : undefined)
})
