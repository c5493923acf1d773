import { readFileSync, writeFileSync } from 'node:fs'
import { argumentValue, parseScript, runScriptAsync, type ScriptCase, settleScript } from '@kvs/testing'
import { type MemFs, memFs, traceFs } from '@kvs/vfs'
import { test } from 'vitest'
import { createWal, describeWalEvent, openWal, purgeWal, readWalRecords, type Wal } from '../src/index.ts'
import { entry, metadata, overwrite, voter, zero } from './log.ts'

/**
 * Directives: `create`, `append first= count= bytes= term= commit=`, `snapshot index=`, `release index=`,
 * `purge keep=`, `close`, `kill`, `open index=`, `zero file= from= to=`. Each prints what it did to the disk.
 */
class Room {
  #disk: MemFs = memFs()
  #wal: Wal | undefined
  #lines: string[] = []
  readonly #segmentSizeBytes = 4096
  readonly #onEvent = (event: Parameters<typeof describeWalEvent>[0]): void => {
    this.#lines.push(`event: ${describeWalEvent(event)}`)
  }

  async run(directive: ScriptCase): Promise<string> {
    this.#lines = []
    const number = (key: string, otherwise = 0): number => Number(argumentValue(directive, key) ?? otherwise)
    const fs = traceFs(this.#disk, { sink: line => this.#lines.push(line), root: '/member' })
    const options = { fs, dir: '/member/wal', segmentSizeBytes: this.#segmentSizeBytes, onEvent: this.#onEvent }
    switch (directive.command) {
      case 'create':
        this.#disk = memFs()
        await this.#disk.makeDir('/member')
        return this.run({ ...directive, command: 'create-on-empty' })
      case 'create-on-empty':
        this.#wal = await createWal({ ...options, metadata })
        break
      case 'open': {
        const opened = await openWal({
          ...options,
          snapshot: { ...zero, index: number('index'), term: number('term') },
        })
        this.#wal = opened.wal
        const { entries, hardState } = opened.content
        this.#lines.push(`entries ${entries.map(e => e.index).join(' ')} commit ${hardState.commit}`)
        break
      }
      case 'append': {
        const first = number('first')
        const term = number('term', 1)
        const entries = Array.from({ length: number('count') }, (_, at) =>
          entry(first + at, term, new Uint8Array(number('bytes', 100)).fill(1)),
        )
        await this.#wal!.append({ entries, hardState: { term, vote: voter, commit: number('commit') } })
        break
      }
      case 'snapshot':
        await this.#wal!.saveSnapshot({ index: number('index'), term: 1, confState: { voters: [voter] } })
        break
      case 'release':
        await this.#wal!.release(number('index'))
        break
      case 'purge':
        await purgeWal({ fs, dir: options.dir, keepCount: number('keep'), onEvent: this.#onEvent })
        break
      case 'close':
        await this.#wal!.close()
        break
      case 'kill':
        this.#disk = this.#disk.kill()
        break
      case 'zero': {
        const path = `/member/wal/${argumentValue(directive, 'file')}`
        await overwrite(this.#disk, path, number('from'), new Uint8Array(number('to') - number('from')))
        break
      }
      case 'records':
        await readWalRecords(options, (record, at) => this.#lines.push(`${at.file} ${at.offsetBytes} ${record.type}`))
        break
      default:
        throw new Error(`no such directive: ${directive.command}`)
    }
    // Lets the preparation of the next segment come to rest, so that it is told in the directive that began it.
    await new Promise(resolve => setImmediate(resolve))
    return this.#lines.map(line => `${line}\n`).join('')
  }
}

test('disk operations come in the order that durability needs', async () => {
  const path = new URL('testdata/disk-order.txt', import.meta.url)
  const script = parseScript({ name: 'disk-order.txt', text: readFileSync(path, 'utf8') })
  const room = new Room()
  const result = await runScriptAsync(script, directive => room.run(directive))
  settleScript(result, process.env['KVS_REWRITE'] === '1' ? text => writeFileSync(path, text) : undefined)
})
