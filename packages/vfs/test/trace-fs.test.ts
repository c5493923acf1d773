import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  argumentValue,
  parseScript,
  positionalArguments,
  runScriptAsync,
  type ScriptCase,
  settleScript,
} from '@kvs/testing'
import { type File, faultFs, memFs, traceFs, VfsError } from '@kvs/vfs'
import { expect, test } from 'vitest'

/** Each directive makes one call; its output is what the trace says. */
function makeHandler(): (directive: ScriptCase) => Promise<string> {
  let lines: string[] = []
  const faulty = faultFs(memFs(), { rules: [{ operation: 'datasync', path: 'bad', fault: { error: 'IO' } }] })
  const fs = traceFs(faulty, { root: '/data', sink: line => lines.push(line), showDone: true })
  const files = new Map<string, File>()
  const call = async (directive: ScriptCase): Promise<unknown> => {
    const [first = '', second = ''] = positionalArguments(directive)
    const number = (key: string): number => Number(argumentValue(directive, key))
    const file = files.get(first)!
    switch (directive.command) {
      case 'open': {
        const mode = argumentValue(directive, 'mode') as 'read' | 'write' | 'create' | 'create-new'
        return files.set(second, await fs.open(first, { mode }))
      }
      case 'write':
        return file.write(new Uint8Array(number('length')), number('at'))
      case 'write-sync':
        return file.writeSync(new Uint8Array(number('length')), number('at'))
      case 'truncate':
        return file.truncate(number('length'))
      case 'allocate':
        return file.allocate(number('length'))
      case 'datasync':
        return file.datasync()
      case 'lock':
        return file.lock()
      case 'close':
        return file.close()
      case 'rename':
        return fs.rename(first, second)
      case 'make-dir':
        return fs.makeDir(first)
      case 'remove':
        return fs.remove(first)
      default:
        return fs.syncDir(first)
    }
  }
  return async directive => {
    lines = []
    try {
      await call(directive)
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
    }
    return lines.join('\n')
  }
}

test('the trace is stable text', async () => {
  const path = join(import.meta.dirname, 'testdata/trace.txt')
  const script = parseScript({ name: 'trace.txt', text: readFileSync(path, 'utf8') })
  const result = await runScriptAsync(script, makeHandler())
  settleScript(result, process.env['KVS_REWRITE'] === '1' ? text => writeFileSync(path, text) : undefined)
  expect(result.directives).toBeGreaterThan(15)
})
